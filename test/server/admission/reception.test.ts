import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { connect, type AddressInfo, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { Worker } from "node:worker_threads";
import { expect, onTestFinished, test } from "vitest";
import type { WaitingConnections } from "../../../src/server/admission/places/start-turns.js";
import { receiveConnections } from "../../../src/server/admission/reception.js";
import { createAuthority } from "../../../src/simulator/wire/certificates.js";
import { served, until } from "../running.js";

/** Starts a server whose connections wait until the test lets the next one begin. It notes the targets that are asked for. */
async function receive({ most = 10, server = createServer() }: { most?: number; server?: Server } = {}) {
  let waiting: WaitingConnections | null = null;
  let accepted = 0;
  const reception = receiveConnections(
    server,
    {
      mayStart: () => false,
      noteStart: () => undefined,
      schedule: () => undefined,
      scheduleConnections: (connections) => void (waiting = connections),
      noteArrival: () => undefined,
    },
    most,
  );
  const held: Socket[] = [];
  const asked: string[] = [];
  server.on("connection", (socket: Socket) => {
    accepted += 1;
    held.push(socket);
  });
  server.on("request", (request, response) => {
    let bytes = 0;
    request.on("data", (chunk: Buffer) => (bytes += chunk.length));
    request.on("end", () => {
      asked.push(`${request.url ?? ""} ${bytes}`);
      response.end("answer");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    for (const socket of held) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    reception,
    held,
    asked,
    /** Returns `false` if none waits. */
    beginNext: () => {
      const isSome = (waiting?.size ?? 0) > 0;
      waiting?.beginNext();
      return isSome;
    },
    /** Connects, sends a text, and resolves when the server has accepted the connection and holds the text. */
    send: async (text: string, localAddress = "127.0.0.1") => {
      const before = accepted;
      const client = connect({ port, host: "127.0.0.1", localAddress });
      const answers: string[] = [];
      client.on("data", (data) => answers.push(data.toString())).on("error", () => undefined);
      onTestFinished(() => void client.destroy());
      client.write(text);
      await until(() => accepted > before && held.at(-1)!.bytesRead > 0);
      // Until it is in the queue.
      for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      return { client, answers };
    },
  };
}

const formatGet = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

test("nothing is done for a connection before its turn; then it is served with all that it has sent", async () => {
  const { send, beginNext, asked } = await receive();
  const { client, answers } = await send(formatGet("/a").slice(0, 20));
  client.write(formatGet("/a").slice(20));
  expect(asked).toEqual([]);
  expect(beginNext()).toBe(true);
  await until(() => answers.length > 0);
  client.write(formatGet("/b"));
  await until(() => asked.length === 2);
  expect(asked).toEqual(["/a 0", "/b 0"]);
  expect(beginNext()).toBe(false);
});

test("a large body arrives whole, though only its beginning is read before its turn", async () => {
  const { send, beginNext, asked, held } = await receive();
  const size = 3_000_000;
  const head = `POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${size}\r\n\r\n`;
  await send(head + "x".repeat(size));
  await until(() => held[0]!.isPaused());
  expect(held[0]!.bytesRead).toBeLessThan(size / 2);
  beginNext();
  await until(() => asked.length > 0);
  expect(asked).toEqual([`/a ${size}`]);
});

test.each([
  ["closes it", (client: Socket) => client.destroy()],
  ["resets it", (client: Socket) => client.resetAndDestroy()],
  ["ends its side", (client: Socket) => client.end()],
])("nothing is done for a connection whose client %s before its turn", async (_title, leave) => {
  const { send, beginNext, asked, held } = await receive();
  leave((await send(formatGet("/gone"))).client);
  await until(() => held[0]!.destroyed && held[0]!.closed);
  const { answers } = await send(formatGet("/here"));
  expect(beginNext()).toBe(true);
  await until(() => answers.length > 0);
  expect(beginNext()).toBe(false);
  expect(asked).toEqual(["/here 0"]);
});

test("addresses take turns, and beyond the bound the address with most loses its oldest connection", async () => {
  const { send, beginNext, asked, held, reception } = await receive({ most: 3 });
  for (const path of ["/1", "/2", "/3", "/4"]) await send(formatGet(path));
  await send(formatGet("/other"), "127.0.0.2");
  expect(held.map(({ destroyed }) => destroyed)).toEqual([true, true, false, false, false]);
  expect(held.map((socket) => reception.holds(socket))).toEqual([false, false, true, true, true]);
  for (const count of [1, 2, 3]) {
    beginNext();
    await until(() => asked.length === count);
  }
  expect(asked).toEqual(["/3 0", "/other 0", "/4 0"]);
});

test("over TLS a handshake that came before its turn is answered then", async () => {
  const authority = await createAuthority();
  const { cert, key } = await authority.issueHost("localhost");
  const { port, beginNext, held } = await receive({ server: createTlsServer({ cert, key }) });
  const client = connectTls({ port, ca: authority.ca, servername: "localhost" });
  client.on("error", () => undefined);
  onTestFinished(() => void client.destroy());
  client.write(formatGet("/a"));
  await until(() => (held[0]?.bytesRead ?? 0) > 0 && beginNext());
  const answer = await new Promise<Buffer>((resolve) => client.once("data", resolve));
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 /);
});

test("of clients that connect, ask and leave in a storm, next to none causes any work", async () => {
  const server = await served();
  // They come while the event loop stands still, as they do in a storm.
  const isDone = new Int32Array(new SharedArrayBuffer(4));
  const storm = new Worker(STORM, { eval: true, workerData: { port: server.port, clients: 200, isDone } });
  const left = new Promise((resolve) => storm.once("exit", resolve));
  await new Promise((resolve) => storm.once("online", resolve));
  Atomics.wait(isDone, 0, 0, 30_000);
  expect(isDone[0]).toBe(1);
  await left;
  expect((await server.post("{ vm(id: 1) { id } }")).status).toBe(200);
  const requests = server.lines.filter(({ msg }) => msg === "request");
  expect(requests.length).toBeLessThan(20);
});

/** Opens connections from a thread of its own; each asks and leaves. */
const STORM = `
  const { workerData: { port, clients, isDone } } = require("node:worker_threads");
  const { connect } = require("node:net");
  let open = clients;
  for (let count = 0; count < clients; count += 1) {
    const client = connect(port, "127.0.0.1", () => {
      client.end("GET /ovirt-engine/api HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n", () => client.destroy());
    });
    client.once("close", () => {
      open -= 1;
      if (open > 0) return;
      Atomics.store(isDone, 0, 1);
      Atomics.notify(isDone, 0);
    });
  }
`;
