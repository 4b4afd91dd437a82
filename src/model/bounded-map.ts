/**
 * Keeps values by key, within a bound of their total weight, such as bytes. The values that were not used for the longest
 * time make room for new ones. A value that is heavier than an eighth of the bound is not kept, because it would replace
 * too many others.
 */
export class BoundedMap<Value> {
  /** In the order of their last use. */
  private readonly entries = new Map<string, Entry<Value>>();
  private used = 0;
  private pushedOut = 0;
  /** The number of new values that were not kept, since the last one that was. */
  private refused = 0;

  constructor(
    private readonly maxWeight: number,
    /**
     * When the map is full, one of so many new values is kept. With 1, a caller that asks for more values than fit, always
     * in the same order, finds none of them: each value replaces the one that is asked for next.
     */
    private readonly oneOf = 1,
  ) {}

  /** The total weight of the kept values. */
  get weight(): number {
    return this.used;
  }

  get size(): number {
    return this.entries.size;
  }

  /** The number of values that made room for others. */
  get evictions(): number {
    return this.pushedOut;
  }

  /** Finds a value without using it. */
  peek(key: string): Value | undefined {
    return this.entries.get(key)?.value;
  }

  /** Finds a value, and notes that it was used: it is then the last one to make room. */
  use(key: string): Value | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined) return undefined;
    this.entries.delete(key);
    this.entries.set(key, entry);
    return entry.value;
  }

  /** Keeps a value, unless it is too heavy. */
  set(key: string, value: Value, weight: number): void {
    const isNew = !this.delete(key);
    if (weight > this.maxWeight / 8 || !this.mayEnter(isNew, weight)) return;
    this.entries.set(key, { value, weight });
    this.used += weight;
    this.makeRoom();
  }

  /** Notes that a value weighs more now, or less. */
  grow(key: string, value: Value, weight: number): void {
    const entry = this.entries.get(key);
    if (entry?.value !== value) return;
    entry.weight += weight;
    this.used += weight;
    this.makeRoom();
  }

  /** Removes a value. Returns `false` if none was kept by this key. */
  delete(key: string): boolean {
    const entry = this.entries.get(key);
    if (entry === undefined) return false;
    this.used -= entry.weight;
    return this.entries.delete(key);
  }

  clear(): void {
    this.entries.clear();
    this.used = 0;
  }

  /** Returns `true` if a value may be kept, because there is room or it is the one of `oneOf`. */
  private mayEnter(isNew: boolean, weight: number): boolean {
    if (!isNew || this.used + weight <= this.maxWeight) return true;
    this.refused = (this.refused + 1) % this.oneOf;
    return this.refused === 0;
  }

  private makeRoom(): void {
    for (const key of this.entries.keys()) {
      if (this.used <= this.maxWeight) return;
      this.delete(key);
      this.pushedOut += 1;
    }
  }
}

interface Entry<Value> {
  readonly value: Value;
  weight: number;
}
