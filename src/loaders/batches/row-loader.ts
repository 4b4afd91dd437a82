import DataLoader from "dataloader";

/**
 * Loads rows by key, and takes rows that were read otherwise. What it is given so costs an entry in a map: a list of ten thousand
 * VMs makes no ten thousand promises, of which few are ever asked for.
 */
export class RowLoader<Row> extends DataLoader<string, Row | null> {
  private readonly cache: RowCache<Row>;

  constructor(
    read: DataLoader.BatchLoadFn<string, Row | null>,
    options: Omit<DataLoader.Options<string, Row | null>, "cacheMap">,
  ) {
    const cache = new RowCache<Row>();
    super(read, { ...options, cacheMap: cache });
    this.cache = cache;
  }

  /** Takes a row that was read, unless the key has been loaded. */
  keep(key: string, row: Row): void {
    this.cache.keep(key, row);
  }
}

/** Promises of rows by key. That of a row which was kept is made when it is asked for. */
class RowCache<Row> implements DataLoader.CacheMap<string, Promise<Row | null>> {
  private readonly promises = new Map<string, Promise<Row | null>>();
  private readonly rows = new Map<string, Row>();

  keep(key: string, row: Row): void {
    if (!this.rows.has(key)) this.rows.set(key, row);
  }

  get(key: string): Promise<Row | null> | undefined {
    const known = this.promises.get(key);
    if (known !== undefined) return known;
    const row = this.rows.get(key);
    if (row === undefined) return undefined;
    const promise = Promise.resolve(row);
    this.promises.set(key, promise);
    return promise;
  }

  set(key: string, promise: Promise<Row | null>): void {
    this.promises.set(key, promise);
  }

  delete(key: string): void {
    this.promises.delete(key);
    this.rows.delete(key);
  }

  clear(): void {
    this.promises.clear();
    this.rows.clear();
  }
}
