import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { request } from "node:https";
import { connect as connectPlain } from "node:net";
import { connect } from "node:tls";
import { describe, expect, test } from "vitest";
import { createCertificateIdentity } from "../../src/server/identity/client-certificates.js";
import { createIdentity, createOpenIdentity } from "../../src/server/identity/identity.js";
import type { RunningServer } from "../../src/server/options.js";
import { readTlsMaterial } from "../../src/server/tls.js";
import { createAuthority, type Credentials } from "../../src/simulator/wire/certificates.js";
import { served, until } from "./running.js";
import { temporaryFile } from "./temporary.js";

/** Asks over TLS, with a client certificate or without. */
function ask(
  server: RunningServer,
  ca: string,
  client: Credentials | null,
  path = "/graphql?query={__typename}",
) {
  return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]> }>((resolve, reject) => {
    const own = client === null ? {} : { cert: client.cert, key: client.key };
    request(server.url + path, { ca, ...own, agent: false, servername: "localhost" }, (response) => {
      response.resume();
      response.once("end", () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers });
      });
    })
      .on("error", reject)
      .end();
  });
}

async function servedWithCertificates() {
  const [authority, foreign] = [await createAuthority("our CA"), await createAuthority("another CA")];
  const own = await authority.issueHost("localhost");
  const roles = { "gateway.example": ["router", "reader"], prometheus: ["metrics"] } as const;
  const server = await served({
    tls: { cert: own.cert, key: own.key, clientCa: authority.ca },
    identity: createIdentity([createCertificateIdentity(roles)]),
    metrics: () => Promise.resolve("up 1\n"),
  });
  return { authority, foreign, server, ca: authority.ca };
}

describe("https", () => {
  test("is served with the certificate given, and asks browsers to stay with it", async () => {
    const authority = await createAuthority();
    const { cert, key } = await authority.issueHost("localhost");
    const server = await served({ tls: { cert, key, clientCa: null }, identity: createOpenIdentity() });
    expect(server.url).toMatch(/^https:/);
    const { status, headers } = await ask(server, authority.ca, null);
    expect([status, headers["strict-transport-security"]]).toEqual([200, "max-age=31536000"]);
    await expect(ask(server, (await createAuthority()).ca, null)).rejects.toThrow();
  });

  test.each(["GET", "POST", "HEAD", "PUT"])(
    "answers %s by plain http with what to do instead, and tells it in the log",
    async (method) => {
      const { server } = await servedWithCertificates();
      const socket = connectPlain(server.port, "127.0.0.1");
      socket.on("error", () => undefined);
      socket.write(`${method} /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n`);
      let answer = "";
      socket.on("data", (data: Buffer) => (answer += data.toString()));
      await new Promise((resolve) => socket.once("close", resolve));
      expect(answer).toMatch(/^HTTP\/1.1 400 [\s\S]*"This port speaks TLS; ask it with https:\/\/\."/);
      expect(server.lines).toMatchObject([
        { msg: "malformed request", status: 400, code: "ERR_SSL_HTTP_REQUEST" },
      ]);
    },
  );

  test("tells in the log of a handshake that fails", async () => {
    const { server } = await servedWithCertificates();
    const socket = connectPlain(server.port, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write("nonsense that is neither\r\n\r\n");
    await new Promise((resolve) => socket.resume().once("close", resolve));
    await until(() => server.lines.length > 0);
    expect(server.lines).toMatchObject([{ msg: "malformed request", address: "127.0.0.1", status: null }]);
  });

  test("does not wait at its end for a handshake that never comes", async () => {
    const { server } = await servedWithCertificates();
    const socket = connectPlain(server.port, "127.0.0.1");
    await new Promise((resolve) => socket.once("connect", resolve));
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.on("error", () => undefined);
    await server.drain({ timeoutMs: 700 });
    await closed;
  });
});

describe("a client certificate", () => {
  test("a client certificate that our CA signed is who its name says", async () => {
    const { authority, server, ca } = await servedWithCertificates();
    const gateway = await authority.issueClient("Gateway.example");
    expect((await ask(server, ca, gateway)).status).toBe(200);
    expect(server.lines.at(-1)).toMatchObject({ viewer: "gateway.example" });
    const prometheus = await authority.issueClient("prometheus");
    expect((await ask(server, ca, prometheus)).status).toBe(403);
    expect((await ask(server, ca, prometheus, "/metrics")).status).toBe(200);
  });

  test("counts by its alternative names, too", async () => {
    const { authority, server, ca } = await servedWithCertificates();
    const host = await authority.issueHost("some-node", undefined, ["gateway.example"]);
    expect(new X509Certificate(host.cert).subjectAltName).toContain("gateway.example");
    expect((await ask(server, ca, host)).status).toBe(200);
  });

  test("a client certificate that is missing, foreign, expired or of nobody we know is 401; health needs none", async () => {
    const { authority, foreign, server, ca } = await servedWithCertificates();
    const past = {
      notBefore: new Date(Date.now() - 2 * 86_400_000),
      notAfter: new Date(Date.now() - 86_400_000),
    };
    const clients = [
      null,
      await foreign.issueClient("gateway.example"),
      await authority.issueClient("gateway.example", past),
      await authority.issueClient("nobody"),
      await authority.issueClient("x, CN=gateway.example"),
    ];
    for (const client of clients) {
      expect((await ask(server, ca, client)).status).toBe(401);
      expect((await ask(server, ca, client, "/healthz")).status).toBe(200);
    }
  });

  test("of any name counts where the operator says so", async () => {
    const authority = await createAuthority();
    const { cert, key } = await authority.issueHost("localhost");
    const identity = createIdentity([createCertificateIdentity({ "*": ["reader"] })]);
    const server = await served({ tls: { cert, key, clientCa: authority.ca }, identity });
    expect((await ask(server, authority.ca, await authority.issueClient("nobody"))).status).toBe(200);
    expect((await ask(server, authority.ca, null)).status).toBe(401);
  });
});

describe("the files of TLS", () => {
  test("are read, and must fit together", async () => {
    const authority = await createAuthority();
    const [one, two] = [await authority.issueHost("a"), await authority.issueHost("b")];
    const certFile = await temporaryFile(one.cert);
    const keyFile = await temporaryFile(one.key);
    const clientCaFile = await temporaryFile(authority.ca);
    expect(await readTlsMaterial({ certFile, keyFile, clientCaFile })).toEqual({
      cert: one.cert,
      key: one.key,
      clientCa: authority.ca,
    });
    const otherKey = await temporaryFile(two.key);
    await expect(readTlsMaterial({ certFile, keyFile: otherKey, clientCaFile: null })).rejects.toThrow(
      /are no matching PEM pair/,
    );
    // OpenSSL compares only pairs of one kind; this start would be ready, and each handshake fail.
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const rsaKey = await temporaryFile(privateKey.export({ type: "pkcs8", format: "pem" }).toString());
    await expect(readTlsMaterial({ certFile, keyFile: rsaKey, clientCaFile: null })).rejects.toThrow(
      /are no matching PEM pair/,
    );
    await expect(readTlsMaterial({ certFile: "/nowhere", keyFile, clientCaFile: null })).rejects.toThrow(
      "TLS_CERT_FILE: /nowhere cannot be read; check the path and its permissions",
    );
  });

  test.each(["", "garbage\n"])("must hold what their settings say, not %j", async (content) => {
    const authority = await createAuthority();
    const { cert, key } = await authority.issueHost("a");
    const [certFile, keyFile] = [await temporaryFile(cert), await temporaryFile(key)];
    const wrong = await temporaryFile(content);
    // With an empty list of CAs, Node would believe every public one.
    await expect(readTlsMaterial({ certFile, keyFile, clientCaFile: wrong })).rejects.toThrow(
      `TLS_CLIENT_CA_FILE: ${wrong} holds no certificate in PEM; copy it again`,
    );
    await expect(readTlsMaterial({ certFile: wrong, keyFile, clientCaFile: null })).rejects.toThrow(
      `TLS_CERT_FILE: ${wrong} holds no certificate in PEM; copy it again`,
    );
    await expect(readTlsMaterial({ certFile, keyFile: wrong, clientCaFile: null })).rejects.toThrow(
      `TLS_KEY_FILE ${wrong} are no matching PEM pair`,
    );
  });

  test("old versions of TLS are not spoken", async () => {
    const { server, ca } = await servedWithCertificates();
    const socket = connect({
      port: server.port,
      host: "127.0.0.1",
      ca,
      maxVersion: "TLSv1.1",
      minVersion: "TLSv1",
    });
    const failed = await new Promise((resolve) => socket.once("error", resolve));
    expect(failed).toBeInstanceOf(Error);
  });
});
