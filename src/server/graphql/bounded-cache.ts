/** Forgets the least recently used entries once their weight is more than allowed; heavy ones are never kept. */
export class BoundedCache<V> {
  readonly #entries = new Map<string, V>();
  #weight = 0;

  constructor(
    private readonly maxWeight: number,
    private readonly getWeight: (value: V) => number,
  ) {}

  /** How much is held now. */
  get weight(): number {
    return this.#weight;
  }

  /** How many entries are held now. */
  get size(): number {
    return this.#entries.size;
  }

  /** Finds an entry, which is then the most recently used one. */
  find(key: string): V | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, value);
    }
    return value;
  }

  /** Keeps an entry, unless it is too heavy. */
  keep(key: string, value: V): void {
    this.#remove(key);
    // An entry of an eighth of the whole would push out too many others for one client's sake.
    if (this.getWeight(value) <= this.maxWeight / 8) {
      this.#entries.set(key, value);
      this.#weight += this.getWeight(value);
      for (const oldest of this.#entries.keys()) {
        if (this.#weight <= this.maxWeight) break;
        this.#remove(oldest);
      }
    }
  }

  // The rest is what Apollo asks of a cache.
  get(key: string): Promise<V | undefined> {
    return Promise.resolve(this.find(key));
  }

  set(key: string, value: V): Promise<void> {
    this.keep(key, value);
    return Promise.resolve();
  }

  delete(key: string): Promise<boolean> {
    return Promise.resolve(this.#remove(key));
  }

  #remove(key: string): boolean {
    const value = this.#entries.get(key);
    if (value === undefined) return false;
    this.#weight -= this.getWeight(value);
    return this.#entries.delete(key);
  }
}
