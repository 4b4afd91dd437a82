import { X509Certificate } from "node:crypto";
import { connect } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  createAuthority,
  type CertificateAuthority,
  type Credentials,
} from "../../src/simulator/wire/certificates.js";
import { startVdsmServer, type VdsmServer } from "../../src/simulator/wire/vdsm-server.js";
import { createWorld } from "../../src/simulator/world/world.js";
import { call, hello, RawPeer } from "./raw-peer.js";

let authority: CertificateAuthority;
let client: Credentials;
let server: VdsmServer;

beforeAll(async () => {
  authority = await createAuthority();
  client = await authority.issueClient();
  server = await startVdsmServer({
    world: createWorld({ hosts: ["host1"] }).createAnswers("host1"),
    tls: await authority.issueHost("host1"),
  });
});

afterAll(() => server.stop());

describe("a host behind TLS", () => {
  test("answers a client with a certificate of its CA", async () => {
    const peer = await RawPeer.dial(server.port, client);
    expect(await peer.send(hello() + call("Host.ping2")).frames(2)).toContain('"result": true}');
    await peer.close();
  });

  test("ends a client without a certificate, and one of another CA, before it says a word", async () => {
    const foreign = await (await createAuthority()).issueClient();
    for (const { cert, key } of [{ ...client, cert: "", key: "" }, foreign]) {
      const own = cert === "" ? { ca: authority.ca } : { ca: authority.ca, cert, key };
      const peer = await RawPeer.dial(server.port, own as Credentials);
      expect(await peer.send(hello()).closed).not.toBe(undefined);
      expect(peer.text).toBe("");
    }
  });

  test("refuses TLS 1.1 and plain text", async () => {
    const old = connect({
      port: server.port,
      host: "127.0.0.1",
      ...client,
      servername: "host1",
      maxVersion: "TLSv1.1",
      minVersion: "TLSv1",
    });
    expect(
      await new Promise((resolve) =>
        old.once("error", () => {
          resolve("refused");
        }),
      ),
    ).toBe("refused");
    const plain = await RawPeer.dial(server.port);
    await plain.send(hello()).closed;
    expect(plain.text).not.toContain("CONNECTED");
  });

  test("cuts an answer with a reset under the encryption, too", async () => {
    server.faults.failNext({ kind: "reset", atByte: 20 });
    const peer = await RawPeer.dial(server.port, client);
    peer.send(hello() + call("Host.ping2"));
    expect(await peer.closed).toBe("ECONNRESET");
    expect(peer.text).toMatch(/\0MESSAGE\ndestination:$/);
  });

  test("slow-tls: TCP is open and the handshake never ends", async () => {
    server.faults.failNext({ kind: "slow-tls" });
    const before = server.accepted;
    const slow = connect({ port: server.port, host: "127.0.0.1", ...client, servername: "host1" });
    slow.on("error", () => undefined);
    await expect.poll(() => server.accepted).toBe(before + 1);
    const other = await RawPeer.dial(server.port, client);
    await other.send(hello()).frames(1);
    expect(slow.authorized).toBe(false);
    slow.destroy();
    await other.close();
    await expect.poll(() => server.connections).toBe(0);
  });
});

describe("certificates", () => {
  test("name the host and loopback, or nothing at all as those of old engines", async () => {
    const named = new X509Certificate((await authority.issueHost("host1.example.test")).cert);
    expect(named.subjectAltName).toBe(
      "DNS:host1.example.test, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1",
    );
    expect(named.verify(new X509Certificate(authority.ca).publicKey)).toBe(true);
    const bare = new X509Certificate((await authority.issueHost("old.example.test", undefined, [])).cert);
    expect(bare.subjectAltName).toBeUndefined();
    expect(bare.subject).toBe("CN=old.example.test");
  });

  test("may be expired, for those who test that", async () => {
    const past = { notBefore: new Date("2020-01-01"), notAfter: new Date("2020-01-02") };
    const expired = new X509Certificate((await authority.issueHost("host1", past)).cert);
    expect(new Date(expired.validTo)).toEqual(past.notAfter);
  });
});
