import { setImmediate as takeTurn } from "node:timers/promises";

/** Which numbers to take, of those from 0. */
export interface Choice {
  readonly count: number;
  readonly limit: number;
  readonly isWanted: (number: number) => boolean;
  readonly compare: (left: number, right: number) => number;
}

/** Takes the first numbers in an order, sorted. It takes some at a time, and other requests have their turn in between. */
export async function takeFirst({ count, limit, isWanted, compare }: Choice): Promise<number[]> {
  let first: number[] = [];
  if (limit === 0) return first;
  for (let from = 0; from < count; from += NUMBERS_A_TURN) {
    const last = first.length < limit ? undefined : first.at(-1);
    const better: number[] = [];
    for (let at = from; at < Math.min(from + NUMBERS_A_TURN, count); at += 1) {
      if (isWanted(at) && (last === undefined || compare(at, last) < 0)) better.push(at);
    }
    if (better.length > 0) first = await mergeSorted(first, better.sort(compare), compare, limit);
    await takeTurn();
  }
  return first;
}

async function mergeSorted(
  one: readonly number[],
  other: readonly number[],
  compare: Choice["compare"],
  limit: number,
): Promise<number[]> {
  const merged: number[] = [];
  let [left, right] = [0, 0];
  while (merged.length < limit && left + right < one.length + other.length) {
    const [next = NONE, from = NONE] = [one[left], other[right]];
    const isLeft = from === NONE || (next !== NONE && compare(next, from) <= 0);
    merged.push(isLeft ? next : from);
    if (isLeft) left += 1;
    else right += 1;
    if (merged.length % NUMBERS_A_TURN === 0) await takeTurn();
  }
  return merged;
}

/** What stands behind the end of a list. */
const NONE = -1;

const NUMBERS_A_TURN = 10_000;
