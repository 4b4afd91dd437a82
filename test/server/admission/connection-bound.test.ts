import { createServer, request } from "node:http";
import { connect as connectPlain, type AddressInfo, type Socket } from "node:net";
import { Readable } from "node:stream";
import { connect as connectTls } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { AT_ONCE } from "../../../src/server/admission/refusal-pace.js";
import { LONG_LIST_RULE, PAGE_RULE } from "../../../src/server/admission/rules.js";
import { createIdentity, createOpenIdentity } from "../../../src/server/identity/identity.js";
import { createOpenIdConnectIdentity } from "../../../src/server/identity/open-id-connect.js";
import { createAuthority } from "../../../src/simulator/wire/certificates.js";
import { served, until } from "../running.js";

/** Opens a connection and sends the text. */
function open(port: number, text = ""): { readonly socket: Socket; readonly isOpen: () => boolean } {
  const socket = connectPlain(port, "127.0.0.1");
  socket.on("error", () => undefined);
  onTestFinished(() => void socket.destroy());
  socket.resume();
  if (text !== "") socket.write(text);
  return { socket, isOpen: () => !socket.closed };
}

/** Asks on a connection of its own. */
function askHealth(url: string): Promise<number> {
  return new Promise((resolve) => {
    request(`${url}/healthz`, { agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on("error", () => {
        resolve(0);
      })
      .end();
  });
}

const POST = "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
const LOGIN =
  "POST /ovirt-engine/sso/oauth/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n";
const UPGRADE =
  "GET /graphql HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n";

test.each([
  ["that say nothing", ""],
  ["that never end their headers", "GET / HTTP/1.1\r\nX-a:"],
  ["that never end their bodies", `${POST}Content-Length: 100\r\n\r\n{`],
  ["that never end a form to sign in with", `${LOGIN}Content-Length: 100\r\n\r\na`],
  ["that were answered and stay", "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"],
  ["that become WebSockets and never say who they are", UPGRADE],
])("connections %s keep nobody out, however many a client holds", async (_title, text) => {
  const server = await served({ limits: { connections: 5 } });
  const held: ReturnType<typeof open>[] = [];
  for (let count = 0; count < 20; count += 1) {
    const next = open(server.port, text);
    held.push(next);
    await new Promise((resolve) => next.socket.once("connect", resolve));
    if (text.endsWith("\r\n\r\n")) await new Promise((resolve) => next.socket.once("data", resolve));
  }
  await until(() => held.filter(({ isOpen }) => isOpen()).length <= 5);
  for (let count = 0; count < 10; count += 1) expect(await askHealth(server.url)).toBe(200);
  // Nor do they take the share of connections of the address that they have in common.
  expect((await server.post("{ vm(id: 1) { id } }")).status).toBe(200);
});

test("unfinished bodies take no share of the connections of their address", async () => {
  const server = await served({ limits: { connections: 20 } });
  for (let count = 0; count < 17; count += 1) {
    // Node answers with 100 as soon as it has the head.
    const { socket } = open(server.port, `${POST}Expect: 100-continue\r\nContent-Length: 100\r\n\r\n{`);
    await new Promise((resolve) => socket.once("data", resolve));
  }
  // Three quarters of all connections, 15, are an address's share.
  expect((await server.post("{ vm(id: 1) { id } }")).status).toBe(200);
});

test("nor do answers without end to somebody whom nobody knows", async () => {
  const server = await served({
    limits: { connections: 3 },
    routes: (scope) => {
      scope.get("/page", { config: { rule: PAGE_RULE } }, (_request, reply) =>
        reply.type("text/plain").send(
          new Readable({
            read() {
              this.push("x".repeat(10_000));
            },
          }),
        ),
      );
    },
  });
  for (let count = 0; count < 6; count += 1) {
    const { socket } = open(server.port, "GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await new Promise((resolve) => socket.once("data", resolve));
    socket.pause();
  }
  expect(await askHealth(server.url)).toBe(200);
});

test("the one that has waited for longest makes room, and none on which the server is at work", async () => {
  const server = await served({ limits: { connections: 3 } });
  const body = JSON.stringify({ query: "{ slow { id } }" });
  const working = open(server.port, `${POST}Content-Length: ${body.length}\r\n\r\n${body}`);
  await until(() => server.doings.waiting.size === 1);
  const first = open(server.port);
  await new Promise((resolve) => first.socket.once("connect", resolve));
  const second = open(server.port, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await new Promise((resolve) => second.socket.once("data", resolve));
  expect(await askHealth(server.url)).toBe(200);
  await until(() => !first.isOpen());
  expect([working.isOpen(), second.isOpen()]).toEqual([true, true]);
  const answered = new Promise<string>((resolve) =>
    working.socket.once("data", (data) => {
      resolve(data.toString());
    }),
  );
  for (const go of server.doings.waiting) go();
  expect(await answered).toMatch(/^HTTP\/1\.1 200 /);
});

/** Knows each viewer by the name that is sent as a bearer token. */
const byName = createIdentity([
  {
    identify: ({ authorization }) => {
      const name = /^Bearer (\w+)$/.exec(authorization ?? "")?.[1];
      return Promise.resolve(name === undefined ? null : { name, roles: new Set(["reader"]), scope: null });
    },
  },
]);

test("where the server is at work on all of them, a new one is closed", async () => {
  const server = await served({ limits: { connections: 2 }, identity: byName });
  const asked = ["anne", "bert"].map((name) =>
    server.post("{ slow { id } }", { headers: { authorization: `Bearer ${name}` } }),
  );
  await until(() => server.doings.waiting.size === 2);
  expect(await askHealth(server.url)).toBe(0);
  for (const go of server.doings.waiting) go();
  expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 200]);
  expect(await askHealth(server.url)).toBe(200);
});

/** A request that is answered only when the test lets it. */
function formatSlow(authorization = ""): string {
  const body = JSON.stringify({ query: "{ slow { id } }" });
  return `${POST}${authorization}Content-Length: ${body.length}\r\n\r\n${body}`;
}

test.each([
  ["one viewer", byName, "Authorization: Bearer greedy\r\n"],
  ["one address, where nobody is asked who they are,", createOpenIdentity(), ""],
])(
  "%s has three quarters of all connections at most, however many requests wait for their turn",
  async (_title, identity, authorization) => {
    const server = await served({ limits: { connections: 12, running: 2, deadlineMs: 60_000 }, identity });
    const answers: string[] = [];
    const asked = Array.from({ length: 12 }, () => open(server.port, formatSlow(authorization)));
    for (const { socket } of asked) socket.once("data", (data: Buffer) => answers.push(data.toString()));
    await until(() => answers.length === 3 && server.doings.waiting.size === 2);
    for (const answer of answers) expect(answer).toMatch(/^HTTP\/1.1 429 [\s\S]*TOO_MANY_CONNECTIONS/);
    for (let count = 0; count < 5; count += 1) expect(await askHealth(server.url)).toBe(200);
    expect(asked.filter(({ isOpen }) => isOpen()).length).toBeGreaterThanOrEqual(9);
    for (const { socket } of asked) socket.destroy();
    for (const go of server.doings.waiting) go();
    const headers = { authorization: "Bearer greedy" };
    await until(async () => (await server.post("{ __typename }", { headers })).status === 200);
  },
);

test("requests whose tokens wait for a slow issuer make room: a valid token of the file is served meanwhile", async () => {
  let asked = 0;
  const issuer = createServer(() => (asked += 1));
  await new Promise<void>((resolve) => issuer.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    issuer.closeAllConnections();
    issuer.close();
  });
  const iss = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`;
  const oidc = createOpenIdConnectIdentity({ issuer: iss, audience: "vnic-graph", rolesClaim: "roles" });
  const known = createIdentity([
    {
      identify: ({ authorization }) =>
        Promise.resolve(
          authorization === "Bearer good" ? { name: "good", roles: new Set(["reader"]), scope: null } : null,
        ),
    },
    oidc,
  ]);
  const server = await served({ limits: { connections: 20 }, identity: known });
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = encode({ iss, aud: "vnic-graph", sub: "mallory", exp: 9_999_999_999 });
  for (let kid = 0; kid < 40; kid += 1) {
    const token = `${encode({ alg: "RS256", kid: `key ${kid}` })}.${claims}.AAAA`;
    const { socket } = open(
      server.port,
      `GET /graphql?query={__typename} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n\r\n`,
    );
    await new Promise((resolve) => socket.once("connect", resolve));
  }
  for (let count = 0; count < 10; count += 1) {
    expect(await askHealth(server.url)).toBe(200);
    expect((await server.post("{ __typename }", { headers: { authorization: "Bearer good" } })).status).toBe(
      200,
    );
  }
  expect(asked).toBeLessThanOrEqual(1);
});

test("nor does a second request behind each of them keep anybody out", async () => {
  let asked = 0;
  const server = await served({
    limits: { connections: 2 },
    identity: createIdentity([
      {
        identify: () => {
          asked += 1;
          return new Promise(() => undefined);
        },
      },
    ]),
  });
  const get =
    "GET /graphql?query={__typename} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer x\r\n\r\n";
  for (const count of [1, 2]) {
    open(server.port, get + get);
    await until(() => asked === count);
  }
  for (let count = 0; count < 5; count += 1) expect(await askHealth(server.url)).toBe(200);
});

test("a request that was sent behind another one, and is at work by now, makes no room", async () => {
  const server = await served({ limits: { connections: 2 }, identity: byName });
  const health = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const working = ["anne", "bert"].map((name) =>
    open(server.port, health + formatSlow(`Authorization: Bearer ${name}\r\n`)),
  );
  await until(() => server.doings.waiting.size === 2);
  expect(await askHealth(server.url)).toBe(0);
  expect(working.map(({ isOpen }) => isOpen())).toEqual([true, true]);
});

const LIST = "GET /list HTTP/1.1\r\nHost: localhost\r\n\r\n";

test.each([
  ["make room", ""],
  ["make room, with further requests behind them, too", LIST],
])("refusals that are held back for who asks on at once %s", async (_title, further) => {
  const identity = createOpenIdentity();
  let asked = 0;
  const server = await served({
    identity: {
      ...identity,
      identify: (shown) => {
        asked += 1;
        return identity.identify(shown);
      },
    },
    limits: { connections: 8, lists: 1, viewerLists: 1 },
    routes: (scope, admitted) => {
      scope.get("/list", { config: { rule: LONG_LIST_RULE } }, (request) => {
        admitted(request).openList();
        return new Promise(() => undefined);
      });
    },
  });
  // The first one stays open.
  for (let count = 1; count <= 1 + AT_ONCE; count += 1) {
    open(server.port, LIST);
    await until(() => asked === count);
  }
  for (let count = 1; count <= 7; count += 1) {
    const { socket } = open(server.port, LIST);
    await until(() => asked >= 1 + AT_ONCE + count);
    if (further !== "") await new Promise((resolve) => socket.write(further, resolve));
  }
  for (let count = 0; count < 5; count += 1) expect(await askHealth(server.url)).toBe(200);
});

test("over TLS as well: connections without a handshake, and those after one, make room", async () => {
  const authority = await createAuthority();
  const { cert, key } = await authority.issueHost("localhost");
  const server = await served({ limits: { connections: 4 }, tls: { cert, key, clientCa: null } });
  const ask = () =>
    new Promise<string>((resolve) => {
      const socket = connectTls({ port: server.port, ca: authority.ca, servername: "localhost" });
      socket.on("error", () => {
        resolve("closed");
      });
      onTestFinished(() => void socket.destroy());
      socket.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
      socket.once("data", (data: Buffer) => {
        resolve(data.toString().slice(0, 12));
      });
    });
  for (let count = 0; count < 8; count += 1) open(server.port);
  // Connections are accepted in their order: once a later one is answered, none of these waits for its turn any more.
  await until(async () => (await ask()) === "HTTP/1.1 200");
  // Each of these stays open after its answer.
  for (let count = 0; count < 8; count += 1) expect(await ask()).toBe("HTTP/1.1 200");
});
