/** How calls are batched. */
export interface BatchOptions<Item, Key> {
  /** Returns an item's key. A batch holds a key once; a result is found by its key. */
  readonly getKey: (item: Item) => Key;
  /** Returns how much of a batch an item takes, of {@link MAX_BATCH_WEIGHT}. A heavier item has a batch of its own. */
  readonly getWeight?: (item: Item) => number;
  /** The highest number of batches that run at the same time. */
  readonly concurrency?: number;
}

/**
 * Creates a function that joins many calls into batches. Calls that come while a batch runs wait and make up the next
 * batch. Without load no call waits. Under load, or if commits are slow, the number of batches stays small.
 */
export function createBatcher<Item, Key, Result>(
  { getKey, getWeight = () => 1, concurrency = 1 }: BatchOptions<Item, Key>,
  run: (items: readonly Item[]) => Promise<ReadonlyMap<Key, Result>>,
): (item: Item) => Promise<Result | undefined> {
  let waiting: WaitingCall<Item, Key, Result>[] = [];
  let running = 0;

  const takeBatch = (): Map<Key, WaitingCall<Item, Key, Result>> => {
    const batch = new Map<Key, WaitingCall<Item, Key, Result>>();
    const later: WaitingCall<Item, Key, Result>[] = [];
    let room = MAX_BATCH_WEIGHT;
    for (const call of waiting) {
      const { key, weight } = call;
      if ((weight <= room || batch.size === 0) && !batch.has(key)) {
        batch.set(key, call);
        room -= weight;
      } else later.push(call);
    }
    waiting = later;
    return batch;
  };

  const runBatches = async (): Promise<void> => {
    running += 1;
    while (waiting.length > 0) {
      const batch = takeBatch();
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
      waiting.push({ item, key: getKey(item), weight: getWeight(item), resolve, reject });
      if (running < concurrency) void runBatches();
    });
}

interface WaitingCall<Item, Key, Result> {
  readonly item: Item;
  readonly key: Key;
  readonly weight: number;
  readonly resolve: (result: Result | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The largest weight of a batch. A statement that writes locks the rows of all its hosts until the commit, so it must be
 * short.
 */
const MAX_BATCH_WEIGHT = 200;
