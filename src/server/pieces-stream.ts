import { Readable } from "node:stream";
import { countBytes, encodePieces, type TextPieces } from "../model/text-pieces.js";

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

  constructor(private readonly pieces: TextPieces) {
    super();
    this.bytes = countBytes(pieces);
  }

  override _read(): void {
    const from = this.next;
    let characters = 0;
    while (this.next < this.pieces.length && characters < SLICE_BYTES) {
      characters += this.pieces[this.next]?.length ?? 0;
      this.next += 1;
    }
    // Empty bytes would be taken for a pause.
    this.push(characters === 0 ? null : encodePieces(this.pieces.slice(from, this.next)));
  }
}
