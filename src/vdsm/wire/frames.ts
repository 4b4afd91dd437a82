import { decodeHead, encodeHead, type FrameHeaders } from "./frame-head.js";
import { ConnectionFailureError } from "./connection-failure.js";

/** A STOMP frame from a host. */
export interface Frame {
  readonly command: string;
  /** If a header is repeated, the first one counts. */
  readonly headers: ReadonlyMap<string, string>;
  /** It may share memory with the chunk in which it came. */
  readonly body: Buffer;
}

/**
 * Cuts frames out of bytes that arrive in pieces of any size, and looks at each byte once. A large body is copied into
 * its final buffer while it arrives. It throws if the bytes are no STOMP, or a frame is too large. Frames before that
 * have been handed over, however the bytes were split.
 */
export class FrameReader {
  private state: "between" | "head" | "sized" | "open" | "end" | "broken" = "between";
  private head: Omit<Frame, "body"> | null = null;
  /** Pieces of a head, or of a body without a stated length, from earlier chunks. */
  private pieces: Buffer[] = [];
  private piecesLength = 0;
  /** Bytes of the head's current line so far, without its line end. */
  private lineLength = 0;
  private inFirstLine = true;
  private lastWasReturn = false;
  private body: Buffer = EMPTY;
  private bodyFilled = 0;
  private bodyLength = 0;

  constructor(
    private readonly maxFrameBytes: number,
    private readonly onFrame: (frame: Frame) => void,
    /** Called when a body begins that does not come in one piece; it has so many bytes. */
    private readonly onLongBody: (bytes: number) => void = () => undefined,
  ) {}

  read(chunk: Buffer): void {
    if (this.state === "broken")
      throw new ConnectionFailureError("protocol", "bytes after bytes that were no STOMP");
    try {
      let at = 0;
      while (at < chunk.length) at = this.step(chunk, at);
    } catch (error) {
      this.state = "broken";
      this.release();
      throw error;
    }
  }

  private step(chunk: Buffer, at: number): number {
    switch (this.state) {
      case "between":
        return this.skipHeartbeats(chunk, at);
      case "head":
        return this.readHead(chunk, at);
      case "sized":
        return this.readSized(chunk, at);
      case "open":
        return this.readOpen(chunk, at);
      default:
        return this.readEnd(chunk, at);
    }
  }

  private skipHeartbeats(chunk: Buffer, from: number): number {
    let at = from;
    while (chunk[at] === LINE_FEED || chunk[at] === CARRIAGE_RETURN) at += 1;
    if (at < chunk.length) {
      this.state = "head";
      this.lineLength = 0;
      this.inFirstLine = true;
      this.lastWasReturn = false;
    }
    return at;
  }

  private readHead(chunk: Buffer, from: number): number {
    for (let at = from; at < chunk.length; at += 1) {
      if (this.piecesLength + at - from >= MAX_HEAD_BYTES) {
        throw new ConnectionFailureError(
          "protocol",
          `the head of a frame is longer than ${MAX_HEAD_BYTES} bytes`,
        );
      }
      if (this.endsHead(chunk[at] ?? 0)) {
        this.beginBody(this.joinPieces(chunk.subarray(from, at + 1)));
        return at + 1;
      }
    }
    this.keep(chunk.subarray(from));
    return chunk.length;
  }

  /** Tells whether this byte ends the empty line after the headers. */
  private endsHead(byte: number): boolean {
    if (byte === LINE_FEED) {
      const empty = this.lineLength === 0;
      this.lineLength = 0;
      this.inFirstLine = false;
      this.lastWasReturn = false;
      return empty;
    }
    // A carriage return belongs to the line end only if the line feed follows at once.
    if (this.lastWasReturn) this.lineLength += 1;
    this.lastWasReturn = byte === CARRIAGE_RETURN;
    if (!this.lastWasReturn) this.lineLength += 1;
    // It throws at once, so that it does not wait for a peer with another protocol.
    if (this.inFirstLine && !this.lastWasReturn && (byte < LETTER_A || byte > LETTER_Z)) {
      throw new ConnectionFailureError(
        "protocol",
        "the host does not speak STOMP here (is it TLS on one side only?)",
      );
    }
    return false;
  }

  private beginBody(bytes: Buffer): void {
    this.head = decodeHead(bytes);
    const length = this.head.headers.get("content-length");
    if (length === undefined) {
      this.state = "open";
      return;
    }
    if (!/^\d{1,15}$/.test(length))
      throw new ConnectionFailureError("protocol", "a frame's content-length is no number");
    this.checkSize(Number(length), this.maxFrameBytes);
    this.body = EMPTY;
    this.bodyFilled = 0;
    this.state = Number(length) === 0 ? "end" : "sized";
    this.bodyLength = Number(length);
  }

  private readSized(chunk: Buffer, from: number): number {
    const missing = this.bodyLength - this.bodyFilled;
    const end = Math.min(chunk.length, from + missing);
    if (this.bodyFilled === 0 && end - from === missing) {
      this.body = chunk.subarray(from, end);
    } else {
      if (this.bodyFilled === 0) {
        // Reserved memory costs nothing until bytes fill it.
        this.body = Buffer.allocUnsafeSlow(this.bodyLength);
        this.onLongBody(this.bodyLength);
      }
      chunk.copy(this.body, this.bodyFilled, from, end);
    }
    this.bodyFilled += end - from;
    if (this.bodyFilled === this.bodyLength) this.state = "end";
    return end;
  }

  private readOpen(chunk: Buffer, from: number): number {
    const end = chunk.indexOf(NUL, from);
    this.checkSize(this.piecesLength + (end < 0 ? chunk.length : end) - from, MAX_UNTOLD_BODY_BYTES);
    if (end < 0) {
      this.keep(chunk.subarray(from));
      return chunk.length;
    }
    this.body = this.joinPieces(chunk.subarray(from, end));
    return this.readEnd(chunk, end);
  }

  private readEnd(chunk: Buffer, at: number): number {
    if (chunk[at] !== NUL)
      throw new ConnectionFailureError("protocol", "a frame is longer than its content-length");
    const frame = this.head === null ? null : { ...this.head, body: this.body };
    this.state = "between";
    this.release();
    if (frame !== null) this.onFrame(frame);
    return at + 1;
  }

  private checkSize(bytes: number, maxBytes: number): void {
    if (bytes <= maxBytes) return;
    throw new ConnectionFailureError(
      "protocol",
      `a frame's body is longer than the ${maxBytes} bytes allowed`,
    );
  }

  private keep(piece: Buffer): void {
    this.pieces.push(piece);
    this.piecesLength += piece.length;
  }

  private joinPieces(last: Buffer): Buffer {
    const whole = this.pieces.length === 0 ? last : Buffer.concat([...this.pieces, last]);
    this.pieces = [];
    this.piecesLength = 0;
    return whole;
  }

  private release(): void {
    this.head = null;
    this.body = EMPTY;
    this.pieces = [];
    this.piecesLength = 0;
  }
}

/** Encodes a frame. If it has a body, `content-length` is the last header. */
export function encodeFrame(command: string, headers: FrameHeaders, body: string | null = null): Buffer {
  const sized = body === null ? headers : { ...headers, "content-length": String(Buffer.byteLength(body)) };
  return Buffer.from(`${encodeHead(command, sized)}${body ?? ""}\0`);
}

/** The longest head. VDSM's have about 200 bytes. */
const MAX_HEAD_BYTES = 16_384;

/**
 * The longest body without a stated length. VDSM states it for every body that is not empty; errors of other servers
 * may lack it.
 */
const MAX_UNTOLD_BODY_BYTES = 65_536;

const EMPTY = Buffer.alloc(0);
const NUL = 0x00;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const LETTER_A = 0x41;
const LETTER_Z = 0x5a;
