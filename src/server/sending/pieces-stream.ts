import { Readable } from "node:stream";
import { countBytes, encodePieces, type TextPieces } from "../../model/text-pieces.js";
import type { AnswerMemory, AnswerParts, Sink } from "./answer-memory.js";

/**
 * The bytes of a slice of a large answer, at least. So it is small enough to show progress within a deadline on a slow line, and
 * large enough to cost nothing.
 */
export const SLICE_BYTES = 64 * 1024;

/** Sends a text slice by slice. Each slice is made when the connection takes it, so that an answer on its way holds one alone. */
export class PiecesStream extends Readable {
  /** The bytes of the text in UTF-8. */
  readonly bytes: number;
  private next = 0;
  private readonly parts: AnswerParts;
  private isWrittenToSink = false;

  /** Nothing else may be written to the sink. */
  constructor(
    private readonly pieces: TextPieces,
    memory: AnswerMemory,
    private readonly sink: Sink,
  ) {
    super();
    this.bytes = countBytes(pieces);
    this.parts = memory.openFor(sink);
  }

  override pipe<To extends NodeJS.WritableStream>(to: To, options?: { end?: boolean }): To {
    this.isWrittenToSink = Object.is(to, this.sink);
    return super.pipe(to, options);
  }

  override _read(): void {
    this.parts.giveBackSent(this.readableLength);
    const from = this.next;
    let characters = 0;
    while (this.next < this.pieces.length && characters < SLICE_BYTES) {
      characters += this.pieces[this.next]?.length ?? 0;
      this.next += 1;
    }
    // Empty bytes would be taken for a pause.
    this.push(characters === 0 ? null : this.encode(this.pieces.slice(from, this.next)));
  }

  /** Encodes a slice. A compressor holds slices of which the sink knows nothing, so that their memory is not shared. */
  private encode(slice: TextPieces): Buffer {
    return this.isWrittenToSink ? this.parts.encode(slice) : encodePieces(slice);
  }
}
