import type { ServerResponse } from "node:http";
import { countCharacters, encodePieces, type TextPieces } from "../../model/text-pieces.js";

/** A response, as far as it shows what of it is still to be sent. */
export type Sink = Pick<ServerResponse, "writableLength" | "once">;

/**
 * Memory in which long answers are encoded, and which later answers use again. Memory that is left to V8's collections is not freed
 * before the next one, and then in the wrong order for the system to get it back: a hundred megabytes of a busy gateway.
 *
 * A part is used again only after the response says that all bytes that were written to it have left the process. Where nobody says
 * so, as with a client that has gone, V8 frees the part.
 */
export class AnswerMemory {
  private readonly free: Buffer[] = [];

  /** Encodes a text, and gives the memory back when the response has been sent. The text must be all of its body. */
  encodeWhole(pieces: TextPieces, sink: Sink): Buffer {
    return this.openFor(sink).encode(pieces);
  }

  /** Opens the memory of one response. */
  openFor(sink: Sink): AnswerParts {
    const parts = new AnswerParts(sink, this.free);
    sink.once("finish", () => {
      parts.giveBack();
    });
    return parts;
  }
}

/** What was encoded for a response: its bytes, and the part of the memory where they are, if any. */
interface Encoded {
  readonly part: Buffer | null;
  readonly bytes: number;
}

/** The parts of the memory that one response has. */
export class AnswerParts {
  /** In the order in which they are written. */
  private held: Encoded[] = [];

  constructor(
    private readonly sink: Sink,
    private readonly free: Buffer[],
  ) {}

  /** Encodes a text in a part; in memory of its own if it would fill little of one, does not fit, or is not ASCII. */
  encode(pieces: TextPieces): Buffer {
    if (countCharacters(pieces) < LEAST_CHARACTERS) return this.hold(encodePieces(pieces), null);
    const part = this.free.pop() ?? Buffer.allocUnsafeSlow(PART_BYTES);
    const encoded = encodePieces(pieces, part);
    const isInPart = encoded.buffer === part.buffer;
    if (!isInPart) this.free.push(part);
    return this.hold(encoded, isInPart ? part : null);
  }

  private hold(encoded: Buffer, part: Buffer | null): Buffer {
    this.held.push({ part, bytes: encoded.length });
    return encoded;
  }

  /** Gives back what was sent. Of what was encoded, so many bytes have not been written to the response. */
  giveBackSent(unwrittenBytes: number): void {
    if (this.sink.writableLength > 0) return;
    let written = this.held.length;
    for (let bytes = unwrittenBytes; bytes > 0 && written > 0; written -= 1)
      bytes -= this.held[written - 1]?.bytes ?? 0;
    this.giveBack(written);
  }

  /** Gives back the first ones, or all. */
  giveBack(count = this.held.length): void {
    for (const { part } of this.held.splice(0, count))
      if (part !== null && this.free.length < MOST_FREE_PARTS) this.free.push(part);
  }
}

/** A slice of an answer fits, with its last piece. */
export const PART_BYTES = 80 * 1024;

/** What is shorter would keep most of a part from others while a client does not read it. */
const LEAST_CHARACTERS = PART_BYTES / 4;

/** 5 MB are held, however many answers were on their way at once. */
const MOST_FREE_PARTS = 64;
