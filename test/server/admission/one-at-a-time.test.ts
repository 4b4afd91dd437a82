import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createStartTurns } from "../../../src/server/admission/places/start-turns.js";
import { answerOneAtATime } from "../../../src/server/admission/one-at-a-time.js";
import { served, until } from "../running.js";

/** A server that answers when it is asked to; it counts what was begun, and what ended. */
async function startManual() {
  const begun: string[] = [];
  const finish: (() => void)[] = [];
  let closed = 0;
  const server = createServer((request, response) => {
    begun.push(request.url ?? "");
    finish.push(() => response.end(`answer to ${request.url ?? ""}\n`));
    response.once("close", () => (closed += 1));
  });
  answerOneAtATime(server);
  return { port: await listen(server), begun, finish, closed: () => closed };
}

/** A server that answers as soon as a request is begun, and has a refusal for what is no HTTP. */
async function startPrompt() {
  const begun: string[] = [];
  const server = createServer((request, response) => {
    begun.push(request.url ?? "");
    response.end(`answer to ${request.url ?? ""}\n`);
  });
  const order = answerOneAtATime(server);
  const refused: (string | null)[] = [];
  server.on("clientError", (_failure, socket) => {
    const request = order.end(socket, () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    refused.push(request?.url ?? null);
  });
  return { port: await listen(server), begun, refused };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function open(port: number): Socket {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  onTestFinished(() => void socket.destroy());
  return socket;
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`;

test("requests that come without waiting for answers are begun one after the other, and answered in their order", async () => {
  const { port, begun, finish } = await startManual();
  const socket = open(port);
  let text = "";
  socket.on("data", (data) => (text += data.toString()));
  socket.write(["/1", "/2", "/3"].map(get).join(""));
  for (const count of [1, 2, 3]) {
    await until(() => begun.length === count);
    await new Promise(setImmediate);
    expect(begun).toHaveLength(count);
    finish[count - 1]?.();
  }
  await until(() => text.includes("answer to /3\n"));
  expect(text.match(/\/\d\n/g)?.map((path) => path.trim())).toEqual(["/1", "/2", "/3"]);
});

test("a client that leaves has had one request begun, whatever it sent, and that one sees it leave", async () => {
  const { port, begun, closed } = await startManual();
  const socket = open(port);
  socket.write(["/1", "/2", "/3"].map(get).join(""));
  await until(() => begun.length === 1);
  socket.destroy();
  await until(() => closed() === 1);
  await new Promise(setImmediate);
  expect(begun).toEqual(["/1"]);
});

test("a client that sends thousands of requests at once is cut off, and one that asks for an upgrade meanwhile", async () => {
  const { port, begun } = await startManual();
  for (const more of [
    get("/").repeat(2_000),
    get("/").replace("\r\n\r\n", "\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"),
  ]) {
    begun.length = 0;
    const socket = open(port);
    socket.write(get("/first") + more);
    await new Promise((resolve) => socket.once("close", resolve));
    expect(begun).toEqual(["/first"]);
  }
});

test("what else is in the packet of a client that is cut off is not even parsed", async () => {
  const { port } = await startManual();
  let parsed = 0;
  const count = () => void (parsed += 1);
  subscribe("http.server.request.start", count);
  onTestFinished(() => void unsubscribe("http.server.request.start", count));
  const socket = open(port);
  socket.write(get("/").repeat(2_000));
  await new Promise((resolve) => socket.once("close", resolve));
  expect(parsed).toBeGreaterThan(16);
  expect(parsed).toBeLessThan(30);
});

test("streams that are asked for behind a request that waits leave no place taken when their client goes", async () => {
  const server = await served({ limits: { lasting: 3 } });
  const stream = get("/graphql/stream?query=%7Bnope%7D").replace(
    "\r\n\r\n",
    "\r\nAccept: text/event-stream\r\n\r\n",
  );
  const body = JSON.stringify({ query: "{ slow { id } }" });
  const slow = `POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const socket = open(server.port);
  socket.write(slow + stream.repeat(3));
  await until(() => server.doings.waiting.size === 1);
  socket.destroy();
  await until(() => server.lines.length > 0);
  const answer = await fetch(`${server.url}/graphql/stream?query={nope}`, {
    headers: { accept: "text/event-stream" },
  });
  expect(answer.status).toBe(200);
  await answer.body?.cancel();
});

test.each(["Content-Length: 17", "Transfer-Encoding: chunked"])(
  "an answer before the body that a GET announces (%s) closes the connection, so that no later request is taken for that body",
  async (announced) => {
    const { port, begun, finish } = await startManual();
    const socket = open(port);
    let text = "";
    socket.on("data", (data) => (text += data.toString()));
    socket.write(`GET /1 HTTP/1.1\r\nHost: 127.0.0.1\r\n${announced}\r\n\r\n`);
    await until(() => begun.length === 1);
    finish[0]?.();
    await once(socket, "end");
    expect(text).toContain("answer to /1\n");
    expect(text).toMatch(/^connection: close\r$/im);
  },
);

test("a connection is kept where a GET's body came whole before the answer", async () => {
  const { port, begun, finish } = await startManual();
  const socket = open(port);
  let text = "";
  socket.on("data", (data) => (text += data.toString()));
  socket.write(
    `GET /1 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 17\r\n\r\n<action></action>${get("/2")}`,
  );
  for (const count of [1, 2]) {
    await until(() => begun.length === count);
    await new Promise(setImmediate);
    finish[count - 1]?.();
  }
  await until(() => text.includes("answer to /2\n"));
  expect(text).not.toMatch(/^connection: close\r$/im);
});

test("hundreds of clients that ask again at once keep new connections waiting for some requests, not for all", async () => {
  let answered = 0;
  const server = createServer((_request, response) => {
    answered += 1;
    const end = performance.now() + 1;
    while (performance.now() < end);
    response.end("ok");
  });
  const turns = createStartTurns();
  server.on("connection", () => {
    turns.noteArrival();
  });
  answerOneAtATime(server, turns);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const askAgain = (socket: Socket) => void socket.write(get("/"));
  for (let count = 0; count < FLOOD; count += 1) {
    const socket = open(port);
    socket.on("data", () => {
      askAgain(socket);
    });
    askAgain(socket);
  }
  await until(() => answered > 3 * FLOOD);
  const before = answered;
  const arrive = async () => {
    const socket = open(port);
    askAgain(socket);
    await once(socket, "data");
    socket.destroy();
  };
  await Promise.all(Array.from({ length: 10 }, arrive));
  // One connection is accepted in a turn. If each turn answered all, ten of them would be ten times the flood.
  expect(answered - before).toBeLessThan(4 * FLOOD);
});

const FLOOD = 300;

test.each([
  ["GET", "Content-Length: 2", "{}"],
  ["GET", "Transfer-Encoding: chunked", "2\r\n{}\r\n0\r\n\r\n"],
  ["HEAD", "Content-Length: 2", "{}"],
])(
  "a %s whose body (%s) is in the same packet keeps its connection where it is answered at once, and so do those behind it",
  async (method, announced, body) => {
    const { port, begun } = await startPrompt();
    const socket = open(port);
    let text = "";
    socket.on("data", (data) => (text += data.toString()));
    const whole = (path: string) =>
      `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${announced}\r\n\r\n${body}`;
    socket.write(whole("/1") + whole("/2") + get("/3"));
    await until(() => text.includes("answer to /3\n"));
    expect(begun).toEqual(["/1", "/2", "/3"]);
    expect(text.match(/^HTTP\/1.1 200 OK\r$/gm)).toHaveLength(3);
    expect(text).not.toMatch(/^connection: close\r$/im);
  },
);

test.each(["", "{"])(
  "an answer at once closes the connection where no more of the body that a GET announces came with it than '%s'",
  async (part) => {
    const { port } = await startPrompt();
    const socket = open(port);
    let text = "";
    socket.on("data", (data) => (text += data.toString()));
    socket.write(`GET /1 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n${part}`);
    await once(socket, "end");
    expect(text).toContain("answer to /1\n");
    expect(text).toMatch(/^connection: close\r$/im);
  },
);

test("a GET whose body in the same packet is no HTTP is refused, and never begun", async () => {
  const { port, begun, refused } = await startPrompt();
  const socket = open(port);
  let text = "";
  socket.on("data", (data) => (text += data.toString()));
  socket.write("GET /1 HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n");
  await once(socket, "end");
  expect(text).toBe("HTTP/1.1 400 Bad Request\r\n\r\n");
  expect(begun).toEqual([]);
  // Nobody else has it in the log.
  expect(refused).toEqual([null]);
});
