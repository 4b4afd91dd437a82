import { connect } from "node:net";
import { Readable } from "node:stream";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createOpenIdentity } from "../../../../src/server/identity/identity.js";
import { createOpenLists } from "../../../../src/server/admission/places/open-lists.js";
import { LONG_LIST_RULE } from "../../../../src/server/admission/rules.js";
import { served, until } from "../../running.js";

test("of any comings and goings, no viewer has more lists than it may, nor have all, and all come back", () => {
  const step = fc.record({ viewer: fc.constantFrom("a", "b", "c"), leaves: fc.boolean(), at: fc.nat() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const lists = createOpenLists({ lists: 5, viewerLists: 3 });
      const open: { viewer: string; release: () => void }[] = [];
      const countOwn = (viewer: string) => open.filter((each) => each.viewer === viewer).length;
      for (const { viewer, leaves, at } of steps) {
        if (leaves) {
          const [left] = open.length === 0 ? [] : open.splice(at % open.length, 1);
          // Whoever gives back twice gives back once.
          left?.release();
          left?.release();
        } else if (countOwn(viewer) >= 3) {
          expect(() => lists.enter({ name: viewer })).toThrow(/You have 3 exports/);
        } else if (open.length >= 5) {
          expect(() => lists.enter({ name: viewer })).toThrow(/Too many requests/);
        } else open.push({ viewer, release: lists.enter({ name: viewer }) });
        expect(lists.count).toBe(open.length);
      }
      for (const { release } of open) release();
      expect(lists.count).toBe(0);
    }),
    { numRuns: 500 },
  );
});

/** A server with a list that has no end. The viewer's name is what is sent as Authorization. */
async function serveLists(limits: { lists: number; viewerLists: number }) {
  let reads = 0;
  let isHeldBack = false;
  const waiting: (() => void)[] = [];
  const server = await served({
    limits,
    identity: {
      required: true,
      identify: async (credentials) => ({
        ...(await createOpenIdentity().identify(credentials)),
        name: credentials.authorization ?? "",
      }),
    },
    routes: (scope, admitted) => {
      scope.get("/list", { config: { rule: LONG_LIST_RULE } }, async (request, reply) => {
        const { openList, work } = admitted(request);
        openList();
        const read = () =>
          work(async () => {
            reads += 1;
            if (isHeldBack) await new Promise<void>((resolve) => waiting.push(resolve));
            return "x".repeat(1_000);
          }, true);
        const first = await read();
        return reply.type("text/plain").send(
          Readable.from(
            (async function* () {
              yield first;
              for (;;) yield await read();
            })(),
            { objectMode: false },
          ),
        );
      });
    },
  });
  return {
    server,
    countReads: () => reads,
    holdBack: () => {
      isHeldBack = true;
    },
    goOn: () => {
      isHeldBack = false;
      for (const resolve of waiting.splice(0)) resolve();
    },
  };
}

/** Opens a list of a viewer and reads nothing of it. Returns its status and what leaves. */
async function openList(port: number, viewer: string): Promise<{ head: string; leave: () => void }> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write(`GET /list HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${viewer}\r\n\r\n`);
  const head = await new Promise<string>((resolve) =>
    socket.once("data", (data) => {
      socket.pause();
      resolve(data.toString().split("\r\n\r\n", 1)[0] ?? "");
    }),
  );
  return { head, leave: () => socket.destroy() };
}

describe("long lists", () => {
  test("of one viewer beyond its bound are refused at once with 429 and a time; others still get theirs, up to the bound of all", async () => {
    const { server } = await serveLists({ lists: 3, viewerLists: 2 });
    const own = [await openList(server.port, "a"), await openList(server.port, "a")];
    expect(own.map(({ head }) => head.slice(0, 12))).toEqual(["HTTP/1.1 200", "HTTP/1.1 200"]);
    const refused = await openList(server.port, "a");
    expect(refused.head).toMatch(/^HTTP\/1.1 429 /);
    expect(refused.head).toMatch(/^retry-after: 1$/im);
    expect((await openList(server.port, "b")).head).toMatch(/^HTTP\/1.1 200 /);
    const full = await openList(server.port, "c");
    expect(full.head).toMatch(/^HTTP\/1.1 503 /);
    expect(full.head).toMatch(/^retry-after: 1$/im);
    for (const { leave } of own) leave();
    await until(async () => (await openList(server.port, "c")).head.includes(" 200 "));
  });

  test("come back whenever their clients leave: before, while and after they read", async () => {
    const { server, countReads, holdBack, goOn } = await serveLists({ lists: 4, viewerLists: 4 });
    for (const isWaiting of [true, false, true]) {
      if (isWaiting) holdBack();
      const before = countReads();
      const sockets = Array.from({ length: 4 }, () => {
        const socket = connect(server.port, "127.0.0.1").on("error", () => undefined);
        socket.write("GET /list HTTP/1.1\r\nHost: localhost\r\nAuthorization: a\r\n\r\n");
        return socket;
      });
      await until(() => countReads() > before);
      for (const socket of sockets) socket.destroy();
      goOn();
    }
    await until(async () => {
      const opened = await Promise.all([1, 2, 3, 4].map(() => openList(server.port, "a")));
      for (const { leave } of opened) leave();
      return opened.every(({ head }) => head.includes(" 200 "));
    });
  });
});
