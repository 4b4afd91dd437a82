import { once } from "node:events";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { HostError } from "../../src/vdsm/errors.js";
import { createVdsmClient } from "../../src/vdsm/vdsm-client.js";
import {
  createAuthority,
  type CertificateAuthority,
  type Credentials,
} from "../../src/simulator/wire/certificates.js";
import { startVdsmServer, type VdsmServer } from "../../src/simulator/wire/vdsm-server.js";
import { createWorld } from "../../src/simulator/world/world.js";
import { encodeConnected } from "./fixtures/wire.js";
import { oldCertificate } from "./fixtures/old-certificate.js";

const PAST = { notBefore: new Date("2020-01-01"), notAfter: new Date("2021-01-01") };

let authority: CertificateAuthority;
let hostTls: Credentials;
let clientTls: Credentials;
const servers: VdsmServer[] = [];

beforeAll(async () => {
  authority = await createAuthority();
  hostTls = await authority.issueHost("host1.example.test");
  clientTls = await authority.issueClient();
});

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

async function serve(tls: Credentials | null): Promise<VdsmServer> {
  const server = await startVdsmServer({
    world: createWorld({ hosts: ["host1"] }).createAnswers("host1"),
    tls,
  });
  servers.push(server);
  return server;
}

/** `answered`, or how the call failed. */
async function ping(
  server: VdsmServer,
  credentials: Credentials | null,
  serverName: string | null = null,
  host = "127.0.0.1",
): Promise<string> {
  const tls = credentials === null ? null : () => Promise.resolve({ ...credentials, serverName });
  const client = createVdsmClient({ host, port: server.port, tls, connectTimeoutMs: 3_000 });
  try {
    await client.ping2();
    return "answered";
  } catch (error) {
    expect(error).toBeInstanceOf(HostError);
    const { kind, message, cause } = error as HostError;
    expect(message).not.toContain("-----");
    expect(JSON.stringify(cause ?? null)).not.toContain("raw");
    return `${kind}: ${message}`;
  } finally {
    await client.close();
  }
}

describe("a client and a host", () => {
  test("a client and a host that have one CA trust each other, by address and by name", async () => {
    const server = await serve(hostTls);
    expect(await ping(server, clientTls)).toBe("answered");
    expect(await ping(server, clientTls, null, "localhost")).toBe("answered");
    expect(await ping(server, clientTls, "host1.example.test")).toBe("answered");
  });

  test("whose certificate bears another name is not trusted, unless the name does not matter", async () => {
    const server = await serve(hostTls);
    expect(await ping(server, clientTls, "host2.example.test")).toMatch(/^untrusted: .*bears another name/);
    expect(await ping(server, clientTls, "none")).toBe("answered");
  });

  test("whose certificate has no SAN is trusted by its common name, or without a name", async () => {
    const old = await oldCertificate("old-host.example.test");
    const server = await serve({ ...old, ca: authority.ca });
    const trusting = { ...clientTls, ca: old.cert };
    expect(await ping(server, trusting)).toMatch(
      /^untrusted: .*bears another name.*ERR_TLS_CERT_ALTNAME_INVALID/,
    );
    expect(await ping(server, trusting, "old-host.example.test")).toBe("answered");
    expect(await ping(server, trusting, "none")).toBe("answered");
  });

  test("whose certificate is expired is not trusted, nor without a name", async () => {
    const server = await serve(await authority.issueHost("host1.example.test", PAST));
    expect(await ping(server, clientTls)).toMatch(/^untrusted: .*has expired/);
    expect(await ping(server, clientTls, "none")).toMatch(/^untrusted: .*has expired/);
  });

  test("of a foreign CA is not trusted, nor without a name", async () => {
    const server = await serve(hostTls);
    const foreign = { ...clientTls, ca: (await createAuthority("Foreign CA")).ca };
    expect(await ping(server, foreign)).toMatch(/^untrusted: .*not from our CA/);
    expect(await ping(server, foreign, "none")).toMatch(/^untrusted: .*not from our CA/);
  });

  test("do not meet if the client's certificate is foreign or expired", async () => {
    const server = await serve(hostTls);
    const foreign = { ...(await (await createAuthority()).issueClient()), ca: authority.ca };
    expect(await ping(server, foreign)).toMatch(/^untrusted: .*client certificate/);
    expect(await ping(server, await authority.issueClient("old", PAST))).toMatch(
      /^untrusted: .*client certificate/,
    );
    expect(server.calls).toEqual([]);
  });

  test("do not meet if only one of them speaks TLS, and nothing is said in the clear", async () => {
    const plain = await serve(null);
    expect(await ping(plain, clientTls)).toMatch(/^untrusted: /);
    const secure = await serve(hostTls);
    expect(await ping(secure, null)).toMatch(/^(protocol|unreachable): /);
    expect([...plain.calls, ...secure.calls]).toEqual([]);
  });

  test("with credentials that OpenSSL cannot read do not meet, and none is quoted", async () => {
    const server = await serve(hostTls);
    const message = await ping(server, { ...clientTls, key: "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n" });
    expect(message).toMatch(/^untrusted: /);
    expect(message).not.toContain("c2VjcmV0");
  });

  test("never name an address in the handshake, and do name a host", async () => {
    const { createServer } = await import("node:tls");
    const names: (string | false | null)[] = [];
    const server = createServer({ cert: hostTls.cert, key: hostTls.key }, (socket) => {
      names.push(socket.servername);
      socket.destroy();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    for (const [host, serverName] of [
      ["127.0.0.1", null],
      ["localhost", null],
      ["127.0.0.1", "none"],
    ] as const) {
      const tls = () => Promise.resolve({ ...clientTls, serverName });
      const client = createVdsmClient({ host, port, tls });
      await expect(client.ping2()).rejects.toMatchObject({ kind: "untrusted" });
      await client.close();
    }
    server.close();
    expect(names).toEqual([false, "localhost", false]);
  });

  test("negotiate once: a host that begins again is refused", async () => {
    const { createServer } = await import("node:tls");
    const failures: unknown[] = [];
    const server = createServer(
      { cert: hostTls.cert, key: hostTls.key, minVersion: "TLSv1.2", maxVersion: "TLSv1.2" },
      (socket) => {
        socket.on("error", (error) => failures.push("code" in error && error.code));
        socket.once("data", () => {
          socket.write(encodeConnected());
          socket.renegotiate({}, () => undefined);
        });
      },
    );
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const tls = () => Promise.resolve({ ...clientTls, serverName: null });
    const client = createVdsmClient({ host: "127.0.0.1", port, tls });
    await expect(client.ping2()).rejects.toBeInstanceOf(HostError);
    await client.close();
    server.close();
    await once(server, "close");
    expect(failures[0]).toBe("ERR_SSL_NO_RENEGOTIATION");
  });

  test("use a rotated certificate at the next connection", async () => {
    const server = await serve(hostTls);
    let current = await authority.issueClient("old", PAST);
    const client = createVdsmClient({
      host: "127.0.0.1",
      port: server.port,
      tls: () => Promise.resolve({ ...current, serverName: null }),
    });
    await expect(client.ping2()).rejects.toMatchObject({ kind: "untrusted" });
    current = clientTls;
    await client.ping2();
    await client.close();
  });
});
