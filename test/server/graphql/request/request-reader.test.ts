import { IncomingMessage } from "node:http";
import { connect, Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { DEFAULT_LIMITS } from "../../../../src/model/limits.js";
import { measureJsonDepth } from "../../../../src/server/graphql/request/json-depth.js";
import { createRequestReader } from "../../../../src/server/graphql/request/request-reader.js";
import { createIdentity } from "../../../../src/server/identity/identity.js";
import { served, until } from "../../running.js";

const ANYBODY = { owner: "anybody", giveUp: () => undefined, holdConnection: () => undefined };

test("of large bodies that come together one is worked on in a turn of the event loop, and a small one waits for none", async () => {
  const reader = createRequestReader(DEFAULT_LIMITS);
  let turn = 0;
  let isOver = false;
  const count = (): void => {
    turn += 1;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  const read = async (bytes: number): Promise<number> => {
    const { parse, release } = await reader.read(createBody([JSON.stringify("x".repeat(bytes))]), ANYBODY);
    const parsedIn = turn;
    parse();
    release();
    return parsedIn;
  };
  const [small, ...large] = await Promise.all([read(10), ...Array.from({ length: 5 }, () => read(500_000))]);
  isOver = true;
  expect(new Set(large).size).toBe(5);
  expect(small).toBeLessThanOrEqual(Math.min(...large));
});

test.each([
  ['"\\\\"', 0],
  ['["\\"["]', 1],
  ['["\\\\\\"[", [1]]', 2],
  ['["unended [[[', 1],
  ['["\\\\", [[1]], "]]"]', 3],
  ['["', 1],
])("the depth of %s does not count what stands in strings", (text, depth) => {
  expect(measureJsonDepth(text)).toBe(depth);
});

test("each chunk of a body counts as what it takes in memory", async () => {
  const reader = createRequestReader(DEFAULT_LIMITS);
  const spaces = Array.from({ length: 900 }, () => " ");
  // What was refused is given back.
  for (let body = 0; body < 100; body += 1) {
    (await reader.read(createBody(["{", "}"]), ANYBODY)).release();
  }
  const scarce = createRequestReader({ ...DEFAULT_LIMITS, bufferedBytes: 100_000 });
  await expect(scarce.read(createBody(spaces), ANYBODY)).rejects.toThrow("Too many requests");
  const { parse, release } = await scarce.read(createBody([...spaces.slice(0, 200), "{}"]), ANYBODY);
  expect(parse()).toEqual({});
  release();
});

/** A request whose body comes in these chunks. */
function createBody(chunks: readonly string[]): IncomingMessage {
  const body = new IncomingMessage(new Socket());
  body.on("error", () => undefined);
  void (async () => {
    await new Promise(setImmediate);
    for (const chunk of chunks) body.push(Buffer.from(chunk));
    body.push(null);
  })();
  return body;
}

/** A server with memory for 100 kB of bodies; viewers are who they say. */
function serveWithLittleMemory() {
  return served({
    limits: { bufferedBytes: 100_000, running: 2 },
    identity: createIdentity([
      {
        identify: ({ authorization = "" }) =>
          Promise.resolve({ name: authorization, roles: new Set(["reader"] as const), scope: null }),
      },
    ]),
  });
}

/** Sends a body of a viewer, all but its last bytes. */
function beginBody(port: number, authorization: string, length: number) {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  onTestFinished(() => void socket.destroy());
  socket.write(
    `POST /graphql HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${authorization}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${" ".repeat(length - 10)}`,
  );
  return new Promise<string>((resolve) =>
    socket.once("data", (data) => {
      resolve(data.toString());
    }),
  );
}

const SMALL = "{ vm(id: 1) { id } }";
const as = (authorization: string) => ({ headers: { authorization } });
const LARGE = { variables: { pad: "x".repeat(20_000) } };

test("a viewer whose bodies fill the memory, while they are on their way, keeps no other viewer out", async () => {
  const server = await serveWithLittleMemory();
  const held = [1, 2, 3, 4].map(() => beginBody(server.port, "flood", 24_000));
  await until(async () => (await server.post(SMALL, { ...as("flood"), ...LARGE })).status === 503);
  const other = await server.post(SMALL, { ...as("other"), ...LARGE });
  expect(other.status).toBe(200);
  const displaced = await Promise.race(held);
  expect(displaced).toMatch(/^HTTP\/1\.1 503 /);
  expect(displaced).toMatch(/^retry-after: 1$/im);
});

test("nor does one whose bodies fill it while their requests wait or run", async () => {
  const server = await serveWithLittleMemory();
  const pad = { variables: { pad: "x".repeat(23_000) } };
  const asked = [1, 2, 3, 4].map(() => server.post("{ slow { id } }", { ...as("flood"), ...pad }));
  await until(async () => (await server.post(SMALL, { ...as("flood"), ...LARGE })).status === 503);
  const other = server.post(SMALL, { ...as("other"), ...LARGE });
  expect((await Promise.race(asked)).status).toBe(503);
  let status = 0;
  void other.then((answer) => (status = answer.status));
  await until(() => {
    for (const go of server.doings.waiting) go();
    return status !== 0;
  });
  expect(status).toBe(200);
});
