import DataLoader from "dataloader";

/**
 * Loads rows by key, and keeps rows that were read in another way. A kept row costs only an entry in a map. So a list of
 * ten thousand VMs does not make ten thousand promises, of which few are ever used.
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

  /** Keeps a row that was read in another way, unless the key has been loaded. */
  keep(key: string, row: Row): void {
    this.cache.keep(key, row);
  }
}

/** The promises of rows by key. The promise of a kept row is made when it is asked for. */
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
