import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ConnectionFailureError } from "../../../src/vdsm/wire/connection-failure.js";
import { encodeFrame, FrameReader } from "../../../src/vdsm/wire/frames.js";
import { encodeConnected, encodeMessage, resultText, VM_STATS } from "../fixtures/wire.js";

interface Seen {
  readonly frames: readonly { command: string; headers: [string, string][]; body: string }[];
  readonly failure: string | null;
}

/** What a reader makes of the bytes, given in these pieces. */
function read(pieces: readonly Buffer[], maxFrameBytes = 1_000_000): Seen {
  const frames: { command: string; headers: [string, string][]; body: string }[] = [];
  const reader = new FrameReader(maxFrameBytes, ({ command, headers, body }) => {
    frames.push({ command, headers: [...headers], body: body.toString("latin1") });
  });
  try {
    for (const piece of pieces) reader.read(piece);
    return { frames, failure: null };
  } catch (error) {
    if (!(error instanceof ConnectionFailureError)) throw error;
    return { frames, failure: error.message };
  }
}

function split(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

const answer = Buffer.concat([
  encodeConnected(),
  encodeMessage("queue", "sub", resultText("cfa4500b-d3e0-569e-a3cf-3ab9b788d013", `[${VM_STATS}]`)),
  Buffer.from("\n\r\n\n"),
  encodeMessage("queue", "sub", "true"),
]);

describe("a frame reader", () => {
  test("takes CONNECTED and MESSAGE out of one chunk, and heartbeats for nothing", () => {
    const { frames, failure } = read([answer]);
    expect(failure).toBeNull();
    expect(frames.map(({ command }) => command)).toEqual(["CONNECTED", "MESSAGE", "MESSAGE"]);
    expect(frames[0]?.headers).toEqual([
      ["version", "1.2"],
      ["heart-beat", "15000,0"],
    ]);
    expect(JSON.parse(frames[1]!.body)).toMatchObject({ result: [{ vmName: "vm-900" }] });
    expect(frames[2]?.body).toBe("true");
  });

  test("gives the same frames wherever two chunks meet", () => {
    const whole = read([answer]);
    for (let at = 0; at <= answer.length; at += 1) expect(read(split(answer, [at]))).toEqual(whole);
  });

  test("gives the same frames for single bytes", () => {
    expect(read([...answer].map((byte) => Buffer.from([byte])))).toEqual(read([answer]));
  });

  test("gives the same frames and the same failure for any split of any bytes", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        ...["CONNECTED\n", "MESSAGE\r\n", "a:b\n", "content-length:3\n", "\n", "\r\n", "\0", "abc", "\r"],
      ),
      fc.constantFrom(
        ...["content-length:99999999\n", "content-length:0\n", "x\\q:1\n", ":\n", "ERROR\n\nno\0", "a\n"],
      ),
      fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 30 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (parts, cuts) => {
          const bytes = Buffer.from(parts.join(""), "latin1");
          expect(read(split(bytes, cuts), 1_000)).toEqual(read([bytes], 1_000));
        },
      ),
      { numRuns: 3_000 },
    );
  });

  test("reads back whatever headers and body were written", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 20 });
    fc.assert(
      fc.property(
        fc.dictionary(text, text, { maxKeys: 5 }),
        text,
        fc.array(fc.nat()),
        (headers, body, cuts) => {
          fc.pre(!Object.hasOwn(headers, "content-length"));
          const { frames, failure } = read(split(encodeFrame("SEND", headers, body), cuts));
          expect(failure).toBeNull();
          const sized = [...Object.entries(headers), ["content-length", String(Buffer.byteLength(body))]];
          expect(frames[0]?.headers).toEqual(sized);
          expect(frames[0]?.body).toBe(Buffer.from(body).toString("latin1"));
        },
      ),
    );
  });

  test("undoes the escapes of header values, and of repeated headers keeps the first", () => {
    const { frames } = read([Buffer.from("MESSAGE\na:x\\cy\\nz\\\\\\r\na:second\n\n\0")]);
    expect(frames[0]?.headers).toEqual([["a", "x:y\nz\\\r"]]);
  });

  test("accepts CRLF line ends, and a body with NUL bytes when its length is told", () => {
    const { frames } = read([Buffer.from("MESSAGE\r\ncontent-length:3\r\n\r\na\0b\0CONNECTED\r\n\r\n\0")]);
    expect(frames.map(({ body }) => body)).toEqual(["a\0b", ""]);
  });

  test.each([
    ["an HTTP answer", "HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak STOMP"],
    ["a TLS alert, at its first byte", "\x15", "does not speak STOMP"],
    ["a header without a colon", "MESSAGE\nfoo\n\n", "without a colon"],
    ["an unknown escape", "MESSAGE\na:\\t\n\n", "unknown escape"],
    ["an escape that ends nowhere", "MESSAGE\na:\\\n\n", "unknown escape"],
    ["a content-length in words", "MESSAGE\ncontent-length:many\n\n", "no number"],
    ["a negative content-length", "MESSAGE\ncontent-length:-1\n\n", "no number"],
    ["a body longer than told", "MESSAGE\ncontent-length:1\n\nab", "longer than its content-length"],
    ["an announcement above the limit", "MESSAGE\ncontent-length:1001\n\n", "1000 bytes allowed"],
    ["a head without an end", `MESSAGE\na:${"b".repeat(20_000)}`, "head of a frame"],
    ["an endless body of no told length", `MESSAGE\n\n${"b".repeat(70_000)}`, "65536 bytes allowed"],
  ])("refuses %s", (_, text, why) => {
    expect(read([Buffer.from(text, "latin1")], 1_000).failure).toContain(why);
  });

  test("takes a hundred headers and no more: thousands in each frame would take the time of thousands of frames", () => {
    const encode = (count: number) => Buffer.from(`MESSAGE\n${"a:b\n".repeat(count)}\n\0`);
    expect(read([encode(100)]).frames).toHaveLength(1);
    expect(read([encode(101)])).toEqual({ frames: [], failure: "a frame has more than 100 headers" });
  });

  test("reads nothing more once it has refused", () => {
    const reader = new FrameReader(1_000, () => undefined);
    expect(() => {
      reader.read(Buffer.from("garbage"));
    }).toThrow("STOMP");
    expect(() => {
      reader.read(encodeConnected());
    }).toThrow("no STOMP");
  });

  test("copies a large body once, however many chunks it comes in", () => {
    const body = Buffer.alloc(8_000_000, "x");
    const head = Buffer.from(`MESSAGE\ncontent-length:${body.length}\n\n`);
    const seen: Buffer[] = [];
    const reader = new FrameReader(body.length, (frame) => seen.push(frame.body));
    reader.read(head);
    const before = process.memoryUsage().arrayBuffers;
    for (let at = 0; at < body.length; at += 1_000) reader.read(body.subarray(at, at + 1_000));
    reader.read(Buffer.from("\0"));
    expect(seen[0]?.equals(body)).toBe(true);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 * body.length);
  });
});
