import { connect, Socket } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { eventually } from "../support/eventually.js";
import { served } from "./running.js";

/** Counts what the server hands to the system on its connections, one by one. */
function countWrites(port: number): { readonly count: () => number } {
  let count = 0;
  for (const name of ["_write", "_writev"] as const) {
    const original = Reflect.get(Socket.prototype, name) as (...given: unknown[]) => void;
    const spy = vi.spyOn(Socket.prototype, name).mockImplementation(function (
      this: Socket,
      ...given: unknown[]
    ) {
      if (this.localPort === port) count += 1;
      original.apply(this, given);
    } as never);
    onTestFinished(() => {
      spy.mockRestore();
    });
  }
  return { count: () => count };
}

/** Sends the pieces of a request one after the other, each once the server has had its turn, and returns the answer. */
async function send(port: number, pieces: readonly string[]): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => {
    socket.destroy();
  });
  socket.setNoDelay(true);
  let text = "";
  const whole = new Promise<void>((resolve) => {
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      const length = /content-length: (\d+)/i.exec(text)?.[1];
      if (length !== undefined && text.split("\r\n\r\n", 2)[1]?.length === Number(length)) resolve();
    });
  });
  for (const piece of pieces) {
    await new Promise((resolve) => socket.write(piece, resolve));
    await new Promise(setImmediate);
  }
  await whole;
  return text;
}

function formatRequest(body: string): string {
  return [
    "POST /graphql HTTP/1.1",
    "host: localhost",
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    "",
    body,
  ].join("\r\n");
}

test.each([
  ["an answer", `{"query":"{ vm(id: 1) { id } }"}`],
  ["an answer of an error", `{"query":"{ nothing }"}`],
  ["a refusal", `no JSON`],
])("%s leaves in one write, head and body together", async (_name, body) => {
  const server = await served();
  const writes = countWrites(server.port);
  await send(server.port, [formatRequest(body)]);
  expect(writes.count()).toBe(1);
});

test("a body that comes in pieces is read as one that comes whole, and so is one behind its head", async () => {
  const server = await served();
  const request = formatRequest(`{"query":"{ vm(id: 1) { id } }"}`);
  const [head, body] = request.split("\r\n\r\n") as [string, string];
  const pieces = [
    [request],
    [`${head}\r\n\r\n`, body],
    [`${head}\r\n\r\n${body.slice(0, 9)}`, body.slice(9)],
  ];
  const answers: (string | undefined)[] = [];
  for (const each of pieces) answers.push((await send(server.port, each)).split("\r\n\r\n")[1]);
  expect(new Set(answers).size).toBe(1);
  expect(answers[0]).toContain('"id":"1"');
});

test("requests that come together on one connection are answered in their order", async () => {
  const server = await served();
  const socket = connect(server.port, "127.0.0.1");
  onTestFinished(() => {
    socket.destroy();
  });
  let text = "";
  socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const ids = [1, 2, 3, 4, 5];
  socket.write(ids.map((id) => formatRequest(`{"query":"{ vm(id: ${id}) { id } }"}`)).join(""));
  await eventually(() => {
    expect([...text.matchAll(/"id":"(\d)"/g)].map((match) => Number(match[1]))).toEqual(ids);
  });
});
