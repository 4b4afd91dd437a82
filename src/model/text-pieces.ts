/** A text in pieces, in order. Pieces that many texts share are not copied until the text is sent. */
export type TextPieces = readonly string[];

/** Counts the UTF-16 code units of a text. */
export function countCharacters(pieces: TextPieces): number {
  let characters = 0;
  for (const piece of pieces) characters += piece.length;
  return characters;
}

/** Counts the bytes of a text in UTF-8. No character may be divided between two pieces. */
export function countBytes(pieces: TextPieces): number {
  let bytes = 0;
  for (const piece of pieces) bytes += Buffer.byteLength(piece);
  return bytes;
}

/** Estimates the bytes that the pieces take in memory. V8 keeps two bytes of each character if one of a piece is beyond Latin-1. */
export function weighPieces(pieces: TextPieces): number {
  let weight = pieces.length * PIECE_BYTES;
  for (const piece of pieces) {
    const bytes = Buffer.byteLength(piece);
    weight += bytes === piece.length ? bytes : Math.max(bytes, 2 * piece.length);
  }
  return weight;
}

/** The head of a string, and its place in the list. */
const PIECE_BYTES = 32;

/**
 * Makes the bytes of a text, in UTF-8. If the text is ASCII, each piece is copied once, into `room` if it fits there. Otherwise it is
 * joined first, as its number of bytes is not known.
 */
export function encodePieces(pieces: TextPieces, room: Buffer | null = null): Buffer {
  // With this room at its end, a piece that is not ASCII never takes as many bytes as it has characters, even if it is cut off.
  const needed = countCharacters(pieces) + LONGEST_CHARACTER_BYTES;
  const bytes = room !== null && room.length >= needed ? room : Buffer.allocUnsafe(needed);
  let end = 0;
  for (const piece of pieces) {
    if (piece.length === 1 && piece < "\x80") {
      bytes[end] = piece.charCodeAt(0);
      end += 1;
      continue;
    }
    const written = bytes.write(piece, end);
    if (written !== piece.length) return Buffer.from(pieces.join(""));
    end += written;
  }
  return bytes.subarray(0, end);
}

const LONGEST_CHARACTER_BYTES = 4;
