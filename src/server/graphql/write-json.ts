import type { Pause } from "./pause.js";

/**
 * Writes a value of objects, lists and scalars as JSON, with the bytes of `JSON.stringify`, and pauses for other requests:
 * `JSON.stringify` would hold the event loop for a tenth of a second for an answer of ten megabytes.
 */
export async function writeJson(value: unknown, pause: Pause): Promise<string> {
  let text = "";
  for (const piece of listPieces(value)) {
    text += piece;
    await pause();
  }
  return text;
}

/** Lists the text in pieces of some kilobytes at most, unless a single text is longer. */
function* listPieces(value: unknown): Generator<string> {
  if (!isLong(value)) {
    yield JSON.stringify(value);
  } else if (Array.isArray(value)) {
    let before = "[";
    for (const inner of value as readonly unknown[]) {
      yield before;
      // What JSON has no text for is `null` in a list; objects leave it out.
      yield* listPieces(hasText(inner) ? inner : null);
      before = ",";
    }
    yield "]";
  } else {
    let before = "{";
    for (const [key, inner] of Object.entries(value as object)) {
      if (!hasText(inner)) continue;
      yield `${before}${JSON.stringify(key)}:`;
      yield* listPieces(inner);
      before = ",";
    }
    yield before === "{" ? "{}" : "}";
  }
}

/** Tells whether an object or a list has more than {@link PIECE_CHARACTERS}. One that writes itself, as a date does, has not. */
function isLong(value: unknown): boolean {
  if (!isContainer(value)) return false;
  const left: object[] = [value];
  let characters = 0;
  for (let holder = left.pop(); holder !== undefined; holder = left.pop()) {
    for (const key in holder) {
      const inner: unknown = holder[key as keyof typeof holder];
      characters += typeof inner === "string" ? key.length + inner.length : key.length + OTHER_CHARACTERS;
      if (characters > PIECE_CHARACTERS) return true;
      if (isContainer(inner)) left.push(inner);
    }
  }
  return false;
}

const PIECE_CHARACTERS = 4_096;

/** About as many as a number has, or the signs around a value. */
const OTHER_CHARACTERS = 6;

function isContainer(value: unknown): value is object {
  // A field may be called `toJSON`, too.
  return (
    typeof value === "object" && value !== null && !("toJSON" in value && typeof value.toJSON === "function")
  );
}

function hasText(value: unknown): boolean {
  return value !== undefined && typeof value !== "function" && typeof value !== "symbol";
}
