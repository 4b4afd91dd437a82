import type { Pause } from "../pause.js";

/** How large an answer is, before it is written as text. */
export interface AnswerSize {
  readonly objects: number;
  /** Characters of its keys and texts, and a few for each other value: about what its JSON will have. */
  readonly characters: number;
}

/** Measures an answer without recursion, in turns with other requests; the root is not counted as an object. */
export async function measureAnswer(data: unknown, pause: Pause): Promise<AnswerSize> {
  const left: unknown[] = [data];
  let objects = -1;
  let characters = 0;
  for (let steps = 1; left.length > 0; steps++) {
    if (steps % STEPS_AT_ONCE === 0) await pause();
    const value = left.pop();
    if (Array.isArray(value)) {
      for (const inner of value) {
        if (typeof inner === "object") left.push(inner);
        else characters += countCharacters(inner);
      }
    } else if (value instanceof Date) {
      characters += DATE_CHARACTERS;
    } else if (typeof value === "object" && value !== null) {
      objects++;
      const record = value as Readonly<Record<string, unknown>>;
      // Objects of an answer have no prototype, so nothing is inherited.
      for (const key in record) {
        const inner = record[key];
        characters += key.length + PUNCTUATION;
        if (typeof inner === "object") left.push(inner);
        else characters += countCharacters(inner);
      }
    }
  }
  return { objects: Math.max(0, objects), characters };
}

/** Objects and lists that are measured before the clock is looked at. That many take less than a millisecond. */
const STEPS_AT_ONCE = 1_024;

/** Quotes, a colon and a comma. */
const PUNCTUATION = 4;

/** "2026-11-26T12:00:00.000Z" */
const DATE_CHARACTERS = 26;

/** Characters of a number or a boolean. Most are shorter. */
const OTHER_VALUE = 6;

function countCharacters(value: unknown): number {
  return typeof value === "string" ? value.length + PUNCTUATION : OTHER_VALUE;
}
