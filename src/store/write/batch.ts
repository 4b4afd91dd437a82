/** How calls are made of what is asked for. */
export interface GatherOptions<Item, Key> {
  /** One key is in a call once, and its result is found by it. */
  readonly keyOf: (item: Item) => Key;
  /** How much of a call an item takes, of {@link MOST_AT_ONCE}; one that is heavier goes alone. */
  readonly weightOf?: (item: Item) => number;
  /** Calls at the same time, at most. */
  readonly lanes?: number;
}

/**
 * Makes one call of many: what is asked for while a call is under way waits, and goes out together with the next. At rest
 * nothing waits; under load, or where a commit takes its time, the number of calls stays small.
 */
export function gather<Item, Key, Result>(
  { keyOf, weightOf = () => 1, lanes = 1 }: GatherOptions<Item, Key>,
  run: (items: readonly Item[]) => Promise<ReadonlyMap<Key, Result>>,
): (item: Item) => Promise<Result | undefined> {
  let waiting: Waiting<Item, Key, Result>[] = [];
  let running = 0;

  const nextBatch = (): Map<Key, Waiting<Item, Key, Result>> => {
    const batch = new Map<Key, Waiting<Item, Key, Result>>();
    const later: Waiting<Item, Key, Result>[] = [];
    let room = MOST_AT_ONCE;
    for (const each of waiting) {
      const { key, weight } = each;
      if ((weight <= room || batch.size === 0) && !batch.has(key)) {
        batch.set(key, each);
        room -= weight;
      } else later.push(each);
    }
    waiting = later;
    return batch;
  };

  const work = async (): Promise<void> => {
    running += 1;
    while (waiting.length > 0) {
      const batch = nextBatch();
      try {
        const results = await run([...batch.values()].map(({ item }) => item));
        for (const [key, { resolve }] of batch) resolve(results.get(key));
      } catch (error) {
        for (const { reject } of batch.values()) reject(error);
      }
    }
    running -= 1;
  };

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, key: keyOf(item), weight: weightOf(item), resolve, reject });
      if (running < lanes) void work();
    });
}

interface Waiting<Item, Key, Result> {
  readonly item: Item;
  readonly key: Key;
  readonly weight: number;
  readonly resolve: (result: Result | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** A statement that writes holds the rows of all its hosts until its commit; so it shall not take long. */
const MOST_AT_ONCE = 200;
