import { connect, Socket } from "node:net";
import { PassThrough, Readable } from "node:stream";
import { pino } from "pino";
import { expect, test, vi } from "vitest";
import { createOutbox } from "../../../src/server/admission/outbox.js";
import { AnswerMemory, type Sink } from "../../../src/server/sending/answer-memory.js";
import { PiecesStream } from "../../../src/server/sending/pieces-stream.js";
import { served, until, type Served } from "../running.js";

const LARGE = "x".repeat(24 * 1024 * 1024);

/** Serves a large text on a route beside the graph. */
function servedLarge(limits: Record<string, number>): Promise<Served> {
  return served({
    limits: { running: 2, waiting: 10, ...limits },
    routes: (scope) => {
      scope.get("/large", () => LARGE);
      scope.get("/free", () => ({ free: true }));
    },
  });
}

/** Opens a client that asks for the large text and reads nothing of it. */
function openDeafClient(server: Served): { readonly socket: Socket; readonly isClosed: () => boolean } {
  const socket = connect(server.port, "127.0.0.1");
  let isClosed = false;
  socket.on("error", () => undefined);
  socket.on("close", () => (isClosed = true));
  socket.pause();
  socket.write("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
  return { socket, isClosed: () => isClosed };
}

test("sending needs no place: clients that do not read keep nobody waiting", async () => {
  const server = await servedLarge({});
  const clients = Array.from({ length: 8 }, () => openDeafClient(server));
  await until(() => server.lines.filter(({ path }) => path === "/large").length === 8);
  expect((await fetch(`${server.url}/free`)).status).toBe(200);
  expect((await server.post("{ vm(id: 1) { id } }")).status).toBe(200);
  for (const { socket } of clients) socket.destroy();
});

test("who reads nothing is cut off after sendMs, and a line says so", async () => {
  const server = await servedLarge({ sendMs: 300 });
  const client = openDeafClient(server);
  await until(() => server.lines.some(({ msg }) => msg === "answer not read, connection closed"));
  client.socket.resume();
  await until(client.isClosed);
});

test("all unread answers together stay within their bytes: the slowest readers are cut off", async () => {
  const server = await servedLarge({ unsentBytes: 60 * 1024 * 1024 });
  const clients = Array.from({ length: 6 }, () => openDeafClient(server));
  await until(() => server.lines.filter(({ path }) => path === "/large").length === 6);
  const cut = server.lines.filter(({ msg }) => msg === "answer not read, connection closed");
  expect(cut.length).toBe(4);
  for (const { socket } of clients) socket.destroy();
});

test("a large answer arrives whole, with its length, and compressed where asked", async () => {
  const server = await servedLarge({});
  const plain = await fetch(`${server.url}/large`, { headers: { "accept-encoding": "identity" } });
  expect(plain.headers.get("content-length")).toBe(String(LARGE.length));
  expect((await plain.text()) === LARGE).toBe(true);
  const packed = await fetch(`${server.url}/large`, { headers: { "accept-encoding": "gzip" } });
  expect(packed.headers.get("content-encoding")).toBe("gzip");
  expect((await packed.text()) === LARGE).toBe(true);
});

test("of lists that are sent as they are read, what waits for slow readers counts as well", async () => {
  const piece = "x".repeat(8 * 1024 * 1024);
  let ended = 0;
  const server = await served({
    limits: { unsentBytes: 30 * 1024 * 1024 },
    routes: (scope) => {
      scope.get("/large", (_request, reply) => {
        const list = async function* () {
          await Promise.resolve();
          for (;;) yield piece;
        };
        const stream = Readable.from(list(), { objectMode: false });
        stream.once("close", () => (ended += 1));
        return reply.send(stream);
      });
    },
  });
  const clients = Array.from({ length: 8 }, () => openDeafClient(server));
  const cut = () => server.lines.filter(({ msg }) => msg === "answer not read, connection closed").length;
  await until(() => cut() >= 5);
  await until(() => ended === cut());
  for (const { socket } of clients) socket.destroy();
  await until(() => ended === 8);
});

test("who has read all that a list has given waits for the next piece, however long that takes to make", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
  try {
    const outbox = createOutbox({ unsentBytes: 1_000_000, sendMs: 20_000 }, pino({ level: "silent" }));
    const socket = new Socket();
    const list = new PassThrough();
    const pieces = (outbox.add(socket, list).sent as Readable)[
      Symbol.asyncIterator
    ]() as AsyncIterator<Buffer>;
    vi.advanceTimersByTime(300_000);
    list.write("first");
    expect(String((await pieces.next()).value)).toBe("first");
    vi.advanceTimersByTime(300_000);
    expect(socket.destroyed).toBe(false);
    expect(outbox.unsentBytes).toBe(0);
    list.write("second");
    expect(String((await pieces.next()).value)).toBe("second");
    Object.defineProperty(socket, "writableLength", { value: 6 });
    vi.advanceTimersByTime(25_000);
    expect(socket.destroyed).toBe(true);
    outbox.close();
  } finally {
    vi.useRealTimers();
  }
});

test("while a list is sent, Node does not end its connection for want of bytes, and does again behind it", () => {
  const outbox = createOutbox({ unsentBytes: 1_000_000, sendMs: 20_000 }, pino({ level: "silent" }));
  const socket = new Socket();
  socket.setTimeout(60_000);
  const { sending } = outbox.add(socket, new PassThrough());
  expect(socket.timeout).toBe(0);
  outbox.remove(sending);
  expect(socket.timeout).toBe(60_000);
  socket.destroy();
  outbox.close();
});

test("an answer counts with all the memory that it holds until it is read", () => {
  const outbox = createOutbox({ unsentBytes: 1_000_000, sendMs: 1_000 }, pino({ level: "silent" }));
  const socket = new Socket();
  const sink = { writableLength: 0, once: () => sink } as unknown as Sink;
  const memory = new AnswerMemory();
  const weigh = (payload: unknown): number => {
    const { sending } = outbox.add(socket, payload);
    const bytes = outbox.unsentBytes;
    outbox.remove(sending);
    return bytes;
  };

  expect(weigh("x".repeat(9_000))).toBe(9_000);
  expect(weigh(memory.encodeWhole(["x".repeat(9_000)], sink))).toBe(9_000);
  expect(weigh(memory.encodeWhole(["x".repeat(30_000)], sink))).toBe(81_920);
  // A slice on its way, and the next one.
  expect(weigh(new PiecesStream(["x".repeat(66_000)], memory, sink))).toBe(163_840);
  expect(weigh(new PiecesStream(["x".repeat(900_000)], memory, sink))).toBe(900_000);
  outbox.close();
});
