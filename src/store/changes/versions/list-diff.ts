/** The part in which two lists differ: the index where it begins, and its elements before and after. */
export type ListDiff<Element> = readonly [
  start: number,
  before: readonly Element[],
  after: readonly Element[],
];

/**
 * Finds the part in which two lists differ, or `null` if they are equal. Equal elements at the beginning and at the end are
 * left out.
 */
export function diffLists<Element>(
  before: readonly Element[],
  after: readonly Element[],
  isEqual: (left: Element, right: Element) => boolean = Object.is,
): ListDiff<Element> | null {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && isEqual(before[start] as Element, after[start] as Element)) start += 1;
  if (start === before.length && start === after.length) return null;
  let end = 0;
  while (
    end < shorter - start &&
    isEqual(before[before.length - 1 - end] as Element, after[after.length - 1 - end] as Element)
  ) {
    end += 1;
  }
  return [start, before.slice(start, before.length - end), after.slice(start, after.length - end)];
}

/** Returns the list as it was before the difference. */
export function undoListDiff<Element>(
  after: readonly Element[],
  [start, old, fresh]: ListDiff<Element>,
): Element[] {
  return [...after.slice(0, start), ...old, ...after.slice(start + fresh.length)];
}
