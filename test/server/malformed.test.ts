import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { answerOneAtATime } from "../../src/server/admission/one-at-a-time.js";
import { answerMalformed } from "../../src/server/messages/malformed.js";
import { rememberingLog, served, until, type Served } from "./running.js";

interface RawAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

function open(port: number): { socket: Socket; ended: Promise<RawAnswer[]>; read: () => RawAnswer[] } {
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => undefined);
  let text = "";
  socket.on("data", (data: Buffer) => (text += data.toString("latin1")));
  const ended = once(socket, "close").then(() => parseAnswers(text));
  return { socket, ended, read: () => parseAnswers(text) };
}

/** Sends bytes, and resolves with the answers when the server has ended the connection. */
function send(server: { port: number }, bytes: string): Promise<RawAnswer[]> {
  const { socket, ended } = open(server.port);
  socket.write(bytes, "latin1");
  return ended;
}

/** Parses answers that follow each other, each with its length. */
function parseAnswers(text: string): RawAnswer[] {
  const answers: RawAnswer[] = [];
  for (let rest = text; rest !== "";) {
    const end = rest.indexOf("\r\n\r\n");
    const [first = "", ...lines] = rest.slice(0, end).split("\r\n");
    const headers = new Map(
      lines.map((line) => line.split(": ")).map(([name = "", value = ""]) => [name.toLowerCase(), value]),
    );
    const from = end + 4;
    const to = from + Number(headers.get("content-length") ?? 0);
    answers.push({ status: Number(first.split(" ")[1]), headers, body: rest.slice(from, to) });
    rest = rest.slice(to);
  }
  return answers;
}

const HOST = "Host: localhost\r\n";
const POST = `POST /graphql HTTP/1.1\r\n${HOST}Content-Type: application/json\r\n`;
const QUERY = '{"query":"{__typename}"}';
const CHUNKED = `${QUERY.length.toString(16)}\r\n${QUERY}\r\n0\r\n\r\n`;
const HEALTH = `GET /healthz HTTP/1.1\r\n${HOST}\r\n`;

describe("what is no valid message, or asks for what is not done here", () => {
  test.each<[title: string, bytes: string, status: number, code: string]>([
    ["no HTTP", "hello\r\n\r\n", 400, "BAD_REQUEST"],
    ["TLS", "\x16\x03\x01\x02\x00\x01\x00", 400, "BAD_REQUEST"],
    ["an unknown method", `BREW /healthz HTTP/1.1\r\n${HOST}\r\n`, 400, "BAD_REQUEST"],
    ["a NUL in a header", `GET /healthz HTTP/1.1\r\n${HOST}X-a: b\0c\r\n\r\n`, 400, "BAD_REQUEST"],
    ["a folded header", `GET /healthz HTTP/1.1\r\n${HOST}X-a: b\r\n c\r\n\r\n`, 400, "BAD_REQUEST"],
    ["no Host", "GET /healthz HTTP/1.1\r\n\r\n", 400, "BAD_REQUEST"],
    [
      "a length and chunks",
      `${POST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n`,
      400,
      "BAD_REQUEST",
    ],
    [
      "chunks and a length",
      `${POST}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n`,
      400,
      "BAD_REQUEST",
    ],
    ["two lengths", `${POST}Content-Length: 4\r\nContent-Length: 4\r\n\r\n`, 400, "BAD_REQUEST"],
    ["a length with a sign", `${POST}Content-Length: +4\r\n\r\n`, 400, "BAD_REQUEST"],
    ["no size of a chunk", `${POST}Transfer-Encoding: chunked\r\n\r\nx\r\n`, 400, "BAD_REQUEST"],
    ["chunks last but not alone", `${POST}Transfer-Encoding: chunked, gzip\r\n\r\n`, 400, "BAD_REQUEST"],
    [
      "chunks in HTTP/1.0",
      `POST /graphql HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n${CHUNKED}`,
      400,
      "BAD_REQUEST",
    ],
    [
      "a compressed transfer",
      `${POST}Transfer-Encoding: gzip, chunked\r\n\r\n${CHUNKED}`,
      501,
      "TRANSFER_ENCODING_NOT_SUPPORTED",
    ],
    [
      "a compressed transfer in two headers",
      `${POST}Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n${CHUNKED}`,
      501,
      "TRANSFER_ENCODING_NOT_SUPPORTED",
    ],
    [
      "an unknown expectation",
      `${POST}Expect: tea\r\nContent-Length: 2\r\n\r\n{}`,
      417,
      "EXPECTATION_FAILED",
    ],
    [
      "a large head",
      `GET /healthz HTTP/1.1\r\n${HOST}X-a: ${"x".repeat(17_000)}\r\n\r\n`,
      431,
      "HEADERS_TOO_LARGE",
    ],
    ["a large target", `GET /${"x".repeat(17_000)} HTTP/1.1\r\n${HOST}\r\n`, 431, "HEADERS_TOO_LARGE"],
    [
      "large trailers",
      `${POST}Transfer-Encoding: chunked\r\n\r\n0\r\nX-a: ${"x".repeat(17_000)}`,
      431,
      "HEADERS_TOO_LARGE",
    ],
    [
      "large extensions of chunks",
      `${POST}Transfer-Encoding: chunked\r\n\r\n4;${"x".repeat(17_000)}`,
      413,
      "BODY_TOO_LARGE",
    ],
    [
      "a body that is announced as too large",
      `${POST}Content-Length: 30000000\r\n\r\n`,
      413,
      "BODY_TOO_LARGE",
    ],
    ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "HTTP_VERSION_NOT_SUPPORTED"],
    [
      "a version that does not exist",
      `GET /healthz HTTP/1.2\r\n${HOST}\r\n`,
      505,
      "HTTP_VERSION_NOT_SUPPORTED",
    ],
    [
      "a version that nobody speaks",
      `GET /healthz HTTP/2.0\r\n${HOST}\r\n`,
      505,
      "HTTP_VERSION_NOT_SUPPORTED",
    ],
    ["HTTP/0.9", "GET /healthz\r\n\r\n", 505, "HTTP_VERSION_NOT_SUPPORTED"],
    ["a tunnel", `CONNECT localhost:80 HTTP/1.1\r\n${HOST}\r\n`, 405, "METHOD_NOT_ALLOWED"],
    [
      "a WebSocket without a key",
      `GET /graphql HTTP/1.1\r\n${HOST}Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n`,
      400,
      "PROTOCOL_NOT_SUPPORTED",
    ],
    [
      "a WebSocket by POST",
      `${POST}Connection: upgrade\r\nUpgrade: websocket\r\n\r\n`,
      405,
      "METHOD_NOT_ALLOWED",
    ],
  ])(
    "%s gets one answer in the form of all refusals, and the connection ends",
    async (_title, bytes, status, code) => {
      const server = await served();
      const [answer, ...more] = await send(server, bytes);
      expect(more).toEqual([]);
      const { message } = (JSON.parse(answer?.body ?? "") as { errors: { message: string }[] }).errors[0]!;
      expect([answer?.status, answer?.body]).toEqual([
        status,
        JSON.stringify({ errors: [{ message, extensions: { code } }] }),
      ]);
      expect(message).toMatch(/^[ -~]+\.$/);
      expect(answer?.headers.get("content-type")).toBe("application/json; charset=utf-8");
      expect(answer?.headers.get("x-content-type-options")).toBe("nosniff");
      expect(answer?.headers.get("connection")).toBe("close");
    },
  );

  test.each([["PROPFIND"], ["TRACE"], ["QUERY"], ["PUT"]])(
    "the method %s is refused with the methods that the path takes",
    async (method) => {
      const server = await served();
      for (const [path, status, allow] of [
        ["/graphql", 405, "GET, HEAD, POST"],
        ["/healthz", 405, "GET, HEAD"],
        ["/nothing", 404, undefined],
      ] as const) {
        const [answer] = await send(server, `${method} ${path} HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
        expect([path, answer?.status, answer?.headers.get("allow")]).toEqual([path, status, allow]);
      }
    },
  );
});

describe("an upgrade to what is not spoken here", () => {
  test.each([
    [
      "of Java's HttpClient",
      `${POST}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\nContent-Length: ${QUERY.length}\r\n\r\n${QUERY}`,
    ],
    [
      "with chunks",
      `${POST}Connection: Upgrade\r\nUpgrade: h2c\r\nTransfer-Encoding: chunked\r\n\r\n${CHUNKED}`,
    ],
    [
      "to anything",
      `GET /graphql?query={__typename} HTTP/1.1\r\n${HOST}Connection: upgrade\r\nUpgrade: x\r\n\r\n`,
    ],
  ])("%s is ignored, and the connection serves the next request", async (_title, bytes) => {
    const server = await served();
    const { socket, read, ended } = open(server.port);
    socket.write(bytes);
    await until(() => read().length === 1);
    socket.write(HEALTH.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
    expect((await ended).map(({ status }) => status)).toEqual([200, 200]);
  });
});

describe("malformed bytes behind requests", () => {
  test("are answered after them", async () => {
    const server = await served();
    const answers = await send(server, `${HEALTH}${HEALTH}nonsense\r\n\r\n`);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 400]);
  });

  test("are ignored where the client has asked for the end of the connection", async () => {
    const server = await served();
    const answers = await send(
      server,
      `${HEALTH.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")}${HEALTH}`,
    );
    expect(answers.map(({ status }) => status)).toEqual([200]);
  });

  test("get one answer, however many packets of them follow", async () => {
    const server = await served();
    const { socket, ended, read } = open(server.port);
    socket.write("nonsense\r\n\r\n");
    await until(() => read().length > 0);
    for (let packet = 0; packet < 20; packet++) {
      socket.write("more nonsense\r\n\r\n");
      await new Promise((resolve) => setImmediate(resolve));
    }
    socket.end();
    expect(await ended).toHaveLength(1);
  });

  test("are the answer of a waiting request whose own body they are", async () => {
    const server = await served();
    const answers = await send(server, `${HEALTH}${POST}Transfer-Encoding: chunked\r\n\r\nnonsense`);
    expect(answers.map(({ status }) => status)).toEqual([200, 400]);
  });

  test("get no second answer where the request was answered before its body came", async () => {
    const server = await served();
    const { socket, ended, read } = open(server.port);
    socket.write(`PUT /nothing HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`);
    await until(() => read().length === 1);
    socket.write("nonsense");
    expect((await ended).map(({ status }) => status)).toEqual([404]);
  });
});

test("a client that sends on although it was refused still gets the answer", async () => {
  const server = await served();
  const statuses = new Set<number | undefined>();
  for (const head of [`${POST}Content-Length: 30000000\r\n\r\n`, `GET / HTTP/1.1\r\n${HOST}X-a: `]) {
    const { socket, ended } = open(server.port);
    // Nothing is read before all is sent, as blocking clients do.
    socket.pause();
    const sent = new Promise((resolve) => socket.write(head + "x".repeat(20_000_000), resolve));
    await sent;
    socket.resume();
    statuses.add((await ended).at(0)?.status);
  }
  expect(statuses).toEqual(new Set([413, 431]));
});

test("headers that say how a body is framed count, however many others stand before them", async () => {
  const server: Served = await served();
  const many = "a:\r\n".repeat(3_000);
  const answers = await send(server, `${POST}${many}Transfer-Encoding: gzip, chunked\r\n\r\n${CHUNKED}`);
  expect(answers.map(({ status }) => status)).toEqual([501]);
});

test("of one cause, a line a minute is logged, which says how many more there were", async () => {
  const { log, lines } = rememberingLog();
  let now = 0;
  const server = createServer();
  answerMalformed(server, answerOneAtATime(server), log, () => now);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  for (let sent = 0; sent < 5; sent++) await send({ port }, "nonsense\r\n\r\n");
  await send({ port }, "GET / HTTP/7.7\r\n\r\n");
  now = 60_000;
  await send({ port }, "nonsense\r\n\r\n");
  expect(lines).toMatchObject([
    { msg: "malformed request", code: "HPE_INVALID_METHOD", address: "127.0.0.1", status: 400, unlogged: 0 },
    { code: "HPE_INVALID_VERSION", status: 505, unlogged: 0 },
    { code: "HPE_INVALID_METHOD", status: 400, unlogged: 4 },
  ]);
});

test.each([
  ["no size of a chunk", `${POST}Transfer-Encoding: chunked\r\n\r\nx\r\n`],
  ["no size of its second chunk", `${POST}Transfer-Encoding: chunked\r\n\r\n3\r\n{"a\r\nzz\r\n`],
  ["fewer bytes than it announces", `${POST}Content-Length: 10\r\n\r\n{`],
  ["no JSON", `${POST}Content-Length: 1\r\n\r\n{`],
])(
  "a request whose body has %s leaves one line, with the status that its client got",
  async (_title, bytes) => {
    const server = await served();
    const { socket, ended, read } = open(server.port);
    socket.end(bytes, "latin1");
    await ended;
    await until(() => server.lines.length > 0);
    // Whatever its end would still cause.
    await server.stop();
    expect(read().map(({ status }) => status)).toEqual([400]);
    expect(server.lines).toMatchObject([
      { msg: "request", path: "/graphql", status: 400, decision: "BAD_REQUEST" },
    ]);
  },
);
