/**
 * Makes one call of many: what is asked for while a call is under way waits, and goes out together with the next. At rest
 * nothing waits; under load, or where a commit takes its time, the number of calls stays small. One key is in a call once.
 */
export function gather<Item, Result>(
  keyOf: (item: Item) => string,
  run: (items: readonly Item[]) => Promise<ReadonlyMap<string, Result>>,
): (item: Item) => Promise<Result | undefined> {
  let waiting: Waiting<Item, Result>[] = [];
  let isRunning = false;

  const next = async (): Promise<void> => {
    isRunning = true;
    while (waiting.length > 0) {
      const batch = new Map<string, Waiting<Item, Result>>();
      const later: Waiting<Item, Result>[] = [];
      for (const each of waiting) {
        const key = keyOf(each.item);
        if (batch.size < MOST_AT_ONCE && !batch.has(key)) batch.set(key, each);
        else later.push(each);
      }
      waiting = later;
      try {
        const results = await run([...batch.values()].map(({ item }) => item));
        for (const [key, { resolve }] of batch) resolve(results.get(key));
      } catch (error) {
        for (const { reject } of batch.values()) reject(error);
      }
    }
    isRunning = false;
  };

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (!isRunning) void next();
    });
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** A statement holds the rows of all its hosts until its commit; so it shall not take long. */
const MOST_AT_ONCE = 200;
