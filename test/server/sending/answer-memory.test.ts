import { EventEmitter, once } from "node:events";
import { connect, type AddressInfo, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { setImmediate as takeTurn } from "node:timers/promises";
import compress from "@fastify/compress";
import Fastify, { type FastifyInstance } from "fastify";
import { afterEach, describe, expect, test } from "vitest";
import { countBytes, type TextPieces } from "../../../src/model/text-pieces.js";
import { AnswerMemory, type Sink } from "../../../src/server/sending/answer-memory.js";
import { createAuthority, type Credentials } from "../../../src/simulator/wire/certificates.js";
import { sendPieces } from "../../../src/server/sending/send-pieces.js";

let app: FastifyInstance | undefined;
afterEach(async () => app?.close());

/** Serves a text of so many characters, all of them different from those of other texts, in pieces. */
async function serve(memory: AnswerMemory, https: Credentials | null): Promise<number> {
  app = https === null ? Fastify() : Fastify({ https });
  await app.register(compress, { encodings: ["br", "gzip"], customTypes: /text/ });
  app.get<{ Params: { number: string; length: string } }>("/:number/:length", (request, reply) => {
    const pieces = makePieces(Number(request.params.number), Number(request.params.length));
    return sendPieces(reply.header("content-length", countBytes(pieces)), pieces, memory);
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  return (app.server.address() as AddressInfo).port;
}

function makePieces(number: number, length: number): TextPieces {
  const pieces: string[] = [];
  for (let at = 0; at < length; at += 1_000)
    pieces.push(`${number}:${at};`.padEnd(1_000, String(number % 10)));
  return [pieces.join("").slice(0, 3), ...pieces.map((piece, at) => (at === 0 ? piece.slice(3) : piece))];
}

/** Asks for all of them on one connection, without waiting for an answer, and reads a little at a time. */
async function readSlowly(socket: Socket, asked: readonly (readonly [number, number])[]): Promise<string> {
  socket.setEncoding("latin1");
  for (const [at, [number, length]] of asked.entries()) {
    const isLast = at === asked.length - 1;
    socket.write(
      `GET /${number}/${length} HTTP/1.1\r\nhost: x\r\n${isLast ? "connection: close\r\n" : ""}\r\n`,
    );
  }
  let read = "";
  for await (const chunk of socket) {
    read += chunk as string;
    for (let turns = asked[0]![0] % 4; turns > 0; turns -= 1) await takeTurn();
  }
  return read;
}

const LENGTHS = [9_000, 40_000, 64_000, 66_000, 200_000, 700_000, 3_000_000];

describe("memory that answers share", () => {
  test.each([
    ["plain", false],
    ["TLS", true],
  ])(
    "never has the bytes of one answer in another, however slowly clients read, and whoever leaves: %s",
    async (_, isTls) => {
      const authority = await createAuthority();
      const port = await serve(new AnswerMemory(), isTls ? await authority.issueHost("localhost") : null);
      const open = (): Socket =>
        isTls ? connectTls({ port, ca: authority.ca, servername: "localhost" }) : connect(port, "127.0.0.1");
      const leave = async (client: number): Promise<void> => {
        const socket = open();
        socket.write(`GET /${client}/3000000 HTTP/1.1\r\nhost: x\r\n\r\n`);
        await once(socket, "data");
        socket.destroy();
      };
      const read = async (client: number): Promise<void> => {
        const asked = Array.from(
          { length: 12 },
          (_, at) => [client * 100 + at, LENGTHS[(client * 5 + at * 3) % LENGTHS.length]!] as const,
        );
        const answers = (await readSlowly(open(), asked)).split(/(?=HTTP\/1\.1 200)/);
        expect(answers).toHaveLength(asked.length);
        for (const [at, [number, length]] of asked.entries()) {
          const body = answers[at]!.slice(answers[at]!.indexOf("\r\n\r\n") + 4);
          expect(body === makePieces(number, length).join(""), `answer ${number}`).toBe(true);
        }
      };
      const unpack = async (client: number): Promise<void> => {
        for (const [at, length] of LENGTHS.entries()) {
          const number = client * 100 + at;
          const headers = { "accept-encoding": at % 2 === 0 ? "gzip" : "br" };
          const answer = await fetch(`http://127.0.0.1:${port}/${number}/${length}`, { headers });
          expect(answer.headers.get("content-encoding")).toBe(headers["accept-encoding"]);
          expect((await answer.text()) === makePieces(number, length).join(""), `answer ${number}`).toBe(
            true,
          );
        }
      };

      const kinds = isTls ? [read, read, read, leave] : [read, unpack, read, leave];
      await Promise.all(Array.from({ length: 24 }, (_, client) => kinds[client % 4]!(client)));
    },
  );

  /** A text that is long enough for a part. */
  const long = (word: string) => [word.padEnd(30_000, ".")];
  const createSink = () =>
    Object.assign(new EventEmitter(), { writableLength: 0 }) as unknown as Sink & EventEmitter;

  test("is used again when an answer has been sent, and not before", () => {
    const memory = new AnswerMemory();
    const [one, other] = [createSink(), createSink()];
    const first = memory.encodeWhole(long("first"), one);
    const second = memory.encodeWhole(long("second"), other);
    expect(second.buffer).not.toBe(first.buffer);
    one.emit("finish");
    const next = memory.encodeWhole(long("next"), createSink());
    expect(next.buffer).toBe(first.buffer);
    expect([next.toString(), second.toString()]).toEqual([...long("next"), ...long("second")]);
  });

  test("a slice of an answer leaves its memory only when all that was written has left", () => {
    const sink = { writableLength: 9, once: () => sink } as unknown as Sink & { writableLength: number };
    const parts = new AnswerMemory().openFor(sink);
    const [first, second] = ["first", "second"].map((slice) => parts.encode(long(slice)));
    parts.giveBackSent(0);
    const third = parts.encode(long("third"));
    expect(new Set([first, second, third].map((slice) => slice?.buffer)).size).toBe(3);
    sink.writableLength = 0;
    // The third one is not written yet.
    parts.giveBackSent(third.length);
    const next = ["4th", "5th", "6th"].map((slice) => parts.encode(long(slice)).buffer);
    expect(new Set(next.slice(0, 2))).toEqual(new Set([first?.buffer, second?.buffer]));
    expect(next[2]).not.toBe(third.buffer);
    expect(third.toString()).toBe(long("third")[0]);
  });

  test.each([
    ["does not fit", "x".repeat(90_000)],
    ["is not ASCII", "é".repeat(20_000)],
    ["would fill little of a part", "x".repeat(9_000)],
  ])("what %s has memory of its own", (_, text) => {
    const memory = new AnswerMemory();
    const sink = createSink();
    const own = memory.encodeWhole([text], sink);
    sink.emit("finish");
    const next = memory.encodeWhole(long("next"), sink);
    expect(next.buffer).not.toBe(own.buffer);
    expect(own.toString()).toBe(text);
  });
});
