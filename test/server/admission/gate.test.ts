import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { createIdentity, createOpenIdentity } from "../../../src/server/identity/identity.js";
import { LASTING_RULE } from "../../../src/server/admission/rules.js";
import type { ServerOptions } from "../../../src/server/options.js";
import { served, until, type Served } from "../running.js";

/** A wait of the server that a test lets go, and knows to have been reached. */
interface Barrier {
  readonly wait: () => Promise<void>;
  readonly reached: () => number;
  readonly open: () => void;
}

function createBarrier(): Barrier {
  let reached = 0;
  let isOpen = false;
  const waiting: (() => void)[] = [];
  return {
    reached: () => reached,
    wait: () => {
      reached++;
      return isOpen ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve));
    },
    open: () => {
      isOpen = true;
      for (const resolve of waiting) resolve();
    },
  };
}

const PLACES = 3;

/** A server in which each await of a request is a barrier: identity, a route's handler, a resolver, metrics. */
async function servedWithBarriers(limits: ServerOptions["limits"] = {}) {
  const barriers = { identity: createBarrier(), route: createBarrier(), metrics: createBarrier() };
  const server = await served({
    limits: { running: PLACES, waiting: 100, ...limits },
    identity: {
      ...createOpenIdentity(),
      identify: async (credentials) => {
        if (credentials.authorization === "wait") await barriers.identity.wait();
        return createOpenIdentity().identify(credentials);
      },
    },
    metrics: async () => {
      await barriers.metrics.wait();
      return "up 1\n";
    },
    routes: (scope) => {
      scope.get("/read", async () => {
        await barriers.route.wait();
        return { read: true };
      });
      scope.get("/free", () => ({ free: true }));
      scope.get("/fail", () => Promise.reject(new Error("failed")));
    },
  });
  return { server, barriers };
}

const get = (path: string, headers = "") => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`;
const QUERY = JSON.stringify({ query: "{ slow { id } }" });
const post = (body: string, length = body.length) =>
  `POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${body}`;

/** Sends requests on sockets of their own, and leaves once the server has got as far as it is to get. */
async function sendAndLeave(
  server: Served,
  text: string,
  count: number,
  isReached: () => boolean,
): Promise<void> {
  const sockets = Array.from({ length: count }, () => {
    const socket = connect(server.port, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write(text);
    return socket;
  });
  await until(isReached);
  for (const socket of sockets) socket.destroy();
}

/**
 * Expects that every place is free again. As many requests at once as there are places are answered, and none had to
 * wait for a deadline.
 */
async function expectAllPlaces(server: Served): Promise<void> {
  const answers = await Promise.all(
    Array.from({ length: PLACES }, () =>
      fetch(`${server.url}/free`, { signal: AbortSignal.timeout(60_000) }),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect((await server.post("{ vm(id: 1) { id } }")).status).toBe(200);
}

describe("a client that leaves gives its place back", () => {
  test.each([
    ["while it is asked who it is", get("/read", "Authorization: wait\r\n"), "identity"],
    ["while a route works", get("/read"), "route"],
    ["while metrics are collected", get("/metrics"), "metrics"],
  ] as const)("%s", async (_title, text, name) => {
    const { server, barriers } = await servedWithBarriers();
    await sendAndLeave(server, text, PLACES, () => barriers[name].reached() >= PLACES);
    // Work that goes on after its client has left holds its place until it ends.
    for (const barrier of Object.values(barriers)) barrier.open();
    await expectAllPlaces(server);
  });

  test("while it waits for a place", async () => {
    const { server, barriers } = await servedWithBarriers();
    const holding = Array.from({ length: PLACES }, () => fetch(`${server.url}/read`));
    await until(() => barriers.route.reached() === PLACES);
    const lines = server.lines.length;
    await sendAndLeave(server, get("/read"), 30, () => true);
    await until(() => server.lines.length >= lines);
    barriers.route.open();
    await Promise.all(holding);
    await expectAllPlaces(server);
  });

  test("while a resolver works, and while its body is on its way", async () => {
    const { server } = await servedWithBarriers();
    await sendAndLeave(server, post(QUERY), PLACES, () => server.doings.waiting.size >= PLACES);
    await until(() => server.doings.waiting.size === 0);
    await sendAndLeave(server, post("{", 100), 20, () => true);
    await expectAllPlaces(server);
  });

  test("a hundred at once that leave at once, on every kind of route", async () => {
    const { server, barriers } = await servedWithBarriers();
    barriers.route.open();
    barriers.metrics.open();
    for (const text of [
      get("/read"),
      get("/metrics"),
      get("/fail"),
      post('{"query":"{ vms { nodes { id } } }"}'),
    ]) {
      await sendAndLeave(server, text, 100, () => true);
    }
    await expectAllPlaces(server);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  });
});

test("each of them leaves one line, with 499", async () => {
  const { server, barriers } = await servedWithBarriers();
  await sendAndLeave(server, get("/read?secret=1"), 2, () => barriers.route.reached() === 2);
  await until(() => server.lines.filter(({ msg }) => msg === "request").length >= 2);
  barriers.route.open();
  expect(server.lines.filter(({ msg }) => msg === "request")).toMatchObject(
    [1, 2].map(() => ({ path: "/read", status: 499, decision: "CLIENT_GONE" })),
  );
});

test("work that hangs past its deadline is answered, holds no place, and readiness stays", async () => {
  const { server, barriers } = await servedWithBarriers({ deadlineMs: 1_000 });
  const answers = await Promise.all(
    Array.from({ length: PLACES * 3 }, async () => (await fetch(`${server.url}/read`)).status),
  );
  expect(answers.filter((status) => status === 504).length).toBeGreaterThanOrEqual(PLACES);
  expect(answers.filter((status) => status !== 504 && status !== 503)).toEqual([]);
  await expectAllPlaces(server);
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  barriers.route.open();
});

test("the issuer that hangs is not waited for beyond the deadline", async () => {
  const server = await served({
    limits: { deadlineMs: 100 },
    identity: createIdentity([{ identify: () => new Promise(() => undefined) }]),
  });
  expect((await server.post("{ __typename }")).status).toBe(504);
});

test("HEAD answers wherever GET does, without a body", async () => {
  const { server, barriers } = await servedWithBarriers();
  barriers.metrics.open();
  for (const path of ["/healthz", "/readyz", "/metrics", "/graphql?query={__typename}"]) {
    const [head, get] = await Promise.all(
      ["HEAD", "GET"].map((method) => fetch(server.url + path, { method })) as [
        Promise<Response>,
        Promise<Response>,
      ],
    );
    expect([path, head.status, head.headers.get("content-length"), await head.text()]).toEqual([
      path,
      get.status,
      get.headers.get("content-length"),
      "",
    ]);
    expect(get.status).toBe(200);
  }
});

describe("a lasting route", () => {
  const lasting = (limits: ServerOptions["limits"], pieces: number) =>
    served({
      limits: { running: 1, waiting: 0, deadlineMs: 100, ...limits },
      routes: (scope, admitted) => {
        scope.get("/stream", { config: { rule: LASTING_RULE } }, async (request, reply) => {
          const visit = admitted(request);
          reply.hijack();
          reply.raw.writeHead(200, { "content-type": "text/plain" });
          for (let at = 0; !visit.request.signal.aborted && at < pieces; at++) {
            reply.raw.write(await visit.work(() => Promise.resolve(`${at}\n`)));
            await new Promise((resolve) => setTimeout(resolve, 60));
          }
          reply.raw.end();
        });
        scope.get("/free", () => ({ free: true }));
      },
    });

  test("outlives the deadline of other requests, and holds a place only while it works", async () => {
    const server = await lasting({}, 4);
    const stream = await fetch(`${server.url}/stream`);
    expect((await fetch(`${server.url}/free`)).status).toBe(200);
    expect(await stream.text()).toBe("0\n1\n2\n3\n");
  });

  test("has a bound of its own on how many are open, which those that leave give back", async () => {
    const server = await lasting({ lasting: 2 }, Infinity);
    const clients = [new AbortController(), new AbortController()];
    await Promise.all(clients.map(({ signal }) => fetch(`${server.url}/stream`, { signal })));
    expect((await fetch(`${server.url}/stream`)).status).toBe(503);
    for (const client of clients) client.abort();
    await until(async () => {
      const client = new AbortController();
      const { status } = await fetch(`${server.url}/stream`, { signal: client.signal });
      client.abort();
      return status === 200;
    });
  });
});

describe("an operation whose client leaves", () => {
  test.each([
    ["before its objects are completed", "{ slow { id nics { id } } }", 1],
    [
      "with several fields under way",
      "{ a: slow { nics { vm { id } } } b: slow { nics { id } } spin { nics { id } } }",
      2,
    ],
  ])(
    "gives its place back when what it was reading has come, long before its deadline: %s",
    async (_, query, slowFields) => {
      const body = JSON.stringify({ query });
      // Its resolvers do not notice that anybody leaves.
      const server = await served({
        limits: { running: PLACES, waiting: 100, deadlineMs: 3_600_000 },
        contextFor: (viewer) => ({ viewer }),
        routes: (scope) => void scope.get("/free", () => ({ free: true })),
      });
      await sendAndLeave(
        server,
        post(body),
        PLACES,
        () => server.doings.waiting.size === PLACES * slowFields,
      );
      await until(() => server.lines.length === PLACES);
      for (const go of server.doings.waiting) go();
      await expectAllPlaces(server);
    },
  );
});

test("a client that leaves while it sends its body is no fault of the server's, and leaves one line", async () => {
  const { server } = await servedWithBarriers();
  for (let sent = 1; sent < QUERY.length; sent += 9) {
    const socket = connect(server.port, "127.0.0.1");
    socket.write(post(QUERY.slice(0, sent), QUERY.length));
    await new Promise((resolve) => socket.once("connect", resolve));
    await new Promise(setImmediate);
    socket.destroy();
  }
  await expectAllPlaces(server);
  const lines = server.lines.filter(({ decision }) => decision !== "answered");
  expect(lines.filter(({ level }) => Number(level) >= 50)).toEqual([]);
});
