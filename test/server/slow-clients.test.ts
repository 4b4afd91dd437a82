import { connect, type Socket } from "node:net";
import { expect, test } from "vitest";
import { type Served, served, until } from "./running.js";

/** A connection on which bytes are sent by hand; resolves with what came back when the server ends it. */
function slowConnection(server: Served): { socket: Socket; ended: Promise<string> } {
  const socket = connect(server.port, "127.0.0.1");
  let answer = "";
  socket.on("data", (chunk) => (answer += chunk.toString()));
  socket.on("error", () => undefined);
  const ended = new Promise<string>((resolve) => {
    socket.once("close", () => {
      resolve(answer);
    });
  });
  return { socket, ended };
}

test.concurrent.each([
  ["says nothing", []],
  ["never ends its headers", ["POST /graphql HTTP/1.1\r\nHost: localhost\r\n", "X-a: b\r\n"]],
  [
    "drips its body",
    [
      "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n",
      "{",
    ],
  ],
])("a client that %s is dropped", async (_title, [first = "", drip = ""]) => {
  const server = await served();
  const { socket, ended } = slowConnection(server);
  socket.write(first);
  const dripping = setInterval(() => socket.write(drip), 500);
  const answer = await ended;
  clearInterval(dripping);
  if (first !== "") expect(answer).toMatch(/^HTTP\/1.1 408/);
  expect((await server.post("{ vm(id: 1) { id } }")).status).toBe(200);
});

test.each([
  ["no HTTP", "hello\r\n\r\n"],
  ["TLS", "\x16\x03\x01\x02\x00\x01\x00"],
  ["no host", "GET /graphql HTTP/1.1\r\n\r\n"],
  [
    "two lengths",
    "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
  ],
  [
    "a length and chunks",
    "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  ],
  ["a negative length", "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n"],
  ["a folded header", "GET /graphql HTTP/1.1\r\nHost: localhost\r\nX-a: b\r\n\tc\x00d\r\n\r\n"],
  ["an unknown method", "BREW /graphql HTTP/1.1\r\nHost: localhost\r\n\r\n"],
])("what is %s is refused", async (_title, text) => {
  const server = await served();
  const { socket, ended } = slowConnection(server);
  socket.end(text, "latin1");
  expect(await ended).toMatch(/^(HTTP\/1.1 4\d\d|$)/);
  expect((await server.post("{ vm(id: 1) { id } }")).status).toBe(200);
});

test("a body that breaks off leaves nothing behind", async () => {
  const server = await served({ limits: { bufferedBytes: 10_000 } });
  for (let round = 0; round < 20; round++) {
    const { socket, ended } = slowConnection(server);
    socket.write(
      `POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n${"x".repeat(2_000)}`,
    );
    await new Promise((resolve) => setImmediate(resolve));
    socket.destroy();
    await ended;
  }
  const pad = "x".repeat(8_000);
  await until(async () => (await server.post("{ vm(id: 1) { id } }", { variables: { pad } })).status === 200);
});
