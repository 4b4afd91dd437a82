/** What waits for its turn. Owners take turns; what one owner has waits in the order in which it came. */
export interface FairQueue<Item> {
  readonly size: number;
  /** Finds the item whose turn it is; `undefined`: none waits. It stays the same until it is removed. */
  findNext(): Item | undefined;
  /**
   * Adds an item of an owner. Returns the item for which there is no room any more, if the queue is full: one of the owner who has
   * most, which may be the new item itself.
   */
  add(owner: string, item: Item): Item | null;
  /** Removes an item. If it was its turn, the next owner has one. */
  remove(owner: string, item: Item): void;
}

/**
 * Creates an empty queue with room for so many items. If it is full, the last one of who has most is given up, or the first one:
 * then those that get their turn have not waited for long.
 */
export function createFairQueue<Item>(most: number, givesUp: "first" | "last" = "last"): FairQueue<Item> {
  /** What each owner has waiting. The first owner is the one whose turn it is. */
  const lines = new Map<string, Item[]>();
  let size = 0;

  const findNext = (): Item | undefined => {
    for (const line of lines.values()) return line[0];
    return undefined;
  };
  const remove = (owner: string, item: Item): void => {
    const line = lines.get(owner);
    const at = line?.indexOf(item) ?? -1;
    if (line === undefined || at === -1) return;
    const hadTurn = findNext() === item;
    line.splice(at, 1);
    size -= 1;
    if (line.length === 0 || hadTurn) lines.delete(owner);
    if (line.length > 0 && hadTurn) lines.set(owner, line);
  };

  return {
    get size() {
      return size;
    },
    findNext,
    remove,
    add(owner, item) {
      const line = lines.get(owner) ?? [];
      let refused: Item | null = null;
      if (size >= most) {
        const [longestOwner, longest] = findLongest(lines);
        const isOwn = longest.length <= line.length + 1;
        const all = isOwn ? [...line, item] : longest;
        refused = all.at(givesUp === "first" ? 0 : -1) ?? null;
        if (refused === null || refused === item) return item;
        remove(isOwn ? owner : longestOwner, refused);
      }
      line.push(item);
      lines.set(owner, line);
      size += 1;
      return refused;
    },
  };
}

function findLongest<Item>(lines: ReadonlyMap<string, Item[]>): readonly [owner: string, line: Item[]] {
  let longest: readonly [string, Item[]] = ["", []];
  for (const each of lines) if (each[1].length > longest[1].length) longest = each;
  return longest;
}
