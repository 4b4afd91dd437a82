import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { watchChunks } from "../../../src/server/admission/chunk-flood.js";
import { served, until } from "../running.js";

function open(port: number): Socket {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  onTestFinished(() => void socket.destroy());
  return socket;
}

const beginBody = (asked: string, type = "application/json") =>
  `${asked} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: ${type}\r\nTransfer-Encoding: chunked\r\n\r\n`;
const TINY_CHUNK = "1\r\n \r\n";
const END = "0\r\n\r\n";

test.each(["GET /graphql?query=%7Bslow%7Bid%7D%7D", "POST /graphql", "POST /nothing", "DELETE /graphql"])(
  "a client that sends a body in thousands of tiny chunks is cut off, whoever reads it: %s",
  async (asked) => {
    const server = await served();
    const socket = open(server.port);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.resume();
    socket.write(beginBody(asked) + TINY_CHUNK.repeat(1_100) + END);
    await closed;
    expect((await server.post("{ vm(id: 1) { id } }")).status).toBe(200);
  },
);

test("what else is in the packet of a client that is cut off is not read, and its parser serves others afterwards", async () => {
  let parts = 0;
  const counted = new WeakSet<object>();
  const server = createServer();
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const parser = (request.socket as unknown as { parser: Record<number, unknown> }).parser;
    const onBody = parser[3] as (this: unknown, ...given: unknown[]) => unknown;
    // A parser serves many connections, one after the other.
    if (!counted.has(parser)) {
      parser[3] = function (this: unknown, ...given: unknown[]) {
        parts += 1;
        return onBody.apply(this, given);
      };
    }
    counted.add(parser);
    watchChunks(request);
    request.resume().once("end", () => response.end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  for (let round = 1; round <= 3; round += 1) {
    const socket = open(port);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.resume();
    socket.write(beginBody("POST /") + TINY_CHUNK.repeat(8_000) + END);
    await closed;
    expect(parts).toBe(1_001);
    parts = 0;
    const answer = await fetch(`http://127.0.0.1:${port}`, { method: "POST", body: "x" });
    expect(answer.status).toBe(200);
    expect(parts).toBeGreaterThan(0);
    parts = 0;
  }
});

/** Begins a body of a kind that is refused at once, and waits for the answer. */
async function beginRefused(): Promise<{ socket: Socket; read: () => string }> {
  const server = await served();
  const socket = open(server.port);
  let text = "";
  socket.on("data", (data) => (text += data.toString()));
  socket.write(beginBody("POST /graphql", "image/png"));
  await until(() => text.includes("HTTP/1.1 415"));
  return { socket, read: () => text };
}

test("tiny chunks that come after the answer count as well", async () => {
  const { socket } = await beginRefused();
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.write(TINY_CHUNK.repeat(1_100) + END);
  await closed;
});

test("a body that nobody wants, in chunks of an honest size, costs the client neither its answer nor its connection", async () => {
  const { socket, read } = await beginRefused();
  socket.write(`400\r\n${" ".repeat(0x400)}\r\n`.repeat(2_000) + END);
  socket.write("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  await until(() => read().includes("HTTP/1.1 200"));
});
