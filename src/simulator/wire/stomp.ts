/** A frame as a host reads it from a client. */
export interface ClientFrame {
  readonly command: string;
  /** If a header is repeated, the first one counts. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** Bytes that are no STOMP frame. VDSM then closes the connection. */
export class StompError extends Error {
  override readonly name = "StompError";
}

/** A heartbeat: a single line feed between two frames. */
export const HEARTBEAT = Buffer.from("\n");

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const NUL = 0x00;

/**
 * Reads a client's frames from chunks of any size. It shares no code with the client's own codec, so that a mistake in
 * either is found when the two talk to each other.
 */
export class ClientFrameReader {
  private pending: Buffer = Buffer.alloc(0);

  /** Yields frames one by one. Frames before a broken one count, wherever the chunks were cut. */
  *read(chunk: Buffer): Generator<ClientFrame> {
    this.pending = Buffer.concat([this.pending, chunk]);
    for (;;) {
      this.pending = skipHeartbeats(this.pending);
      const taken = takeFrame(this.pending);
      if (taken === null) return;
      this.pending = taken.rest;
      yield taken.frame;
    }
  }
}

/** Encodes a frame to a client, with headers in this order. If it has a body, `content-length` is the last header. */
export function encodeServerFrame(
  command: string,
  headers: readonly (readonly [string, string])[],
  body: string | null = null,
): Buffer {
  const all =
    body === null ? headers : [...headers, ["content-length", String(Buffer.byteLength(body))] as const];
  const lines = all.map(([name, value]) => `${name}:${encodeValue(value)}\n`).join("");
  return Buffer.from(`${command}\n${lines}\n${body ?? ""}\0`);
}

function skipHeartbeats(bytes: Buffer): Buffer {
  let at = 0;
  while (bytes[at] === LINE_FEED || bytes[at] === CARRIAGE_RETURN) at += 1;
  return bytes.subarray(at);
}

function takeFrame(bytes: Buffer): { frame: ClientFrame; rest: Buffer } | null {
  const head = readHead(bytes);
  if (head === null) return null;
  const length = head.headers.get("content-length");
  const end = length === undefined ? bytes.indexOf(NUL, head.bodyAt) : head.bodyAt + Number(length);
  if (Number.isNaN(end)) throw new StompError(`content-length ${length ?? ""}`);
  if (end < 0 || end >= bytes.length) return null;
  if (bytes[end] !== NUL) throw new StompError("no NUL after the body");
  const body = bytes.subarray(head.bodyAt, end);
  return { frame: { command: head.command, headers: head.headers, body }, rest: bytes.subarray(end + 1) };
}

/** Reads command and headers up to the empty line; `null` while that has not arrived. */
function readHead(bytes: Buffer) {
  const lines: string[] = [];
  let at = 0;
  for (;;) {
    const end = bytes.indexOf(LINE_FEED, at);
    if (end < 0) return null;
    const line = bytes.subarray(at, bytes[end - 1] === CARRIAGE_RETURN ? end - 1 : end).toString();
    at = end + 1;
    if (line === "") break;
    lines.push(line);
  }
  const [command = "", ...headerLines] = lines;
  const headers = new Map<string, string>();
  for (const line of headerLines) {
    const colon = line.indexOf(":");
    if (colon < 0) throw new StompError("a header without a colon");
    const name = decodeValue(line.slice(0, colon));
    if (!headers.has(name)) headers.set(name, decodeValue(line.slice(colon + 1)));
  }
  return { command, headers, bodyAt: at };
}

function encodeValue(value: string): string {
  const escapes: Record<string, string> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", ":": "\\c" };
  return value.replace(/[\\\n\r:]/g, (character) => escapes[character] ?? character);
}

function decodeValue(value: string): string {
  const plain: Record<string, string> = { "\\\\": "\\", "\\n": "\n", "\\r": "\r", "\\c": ":" };
  return value.replace(/\\[\\nrc]/g, (escape) => plain[escape] ?? escape);
}
