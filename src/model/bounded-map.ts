/**
 * Keeps values by key, within a bound of their weights, such as bytes. Those that were not used for the longest time make room,
 * and one that is heavier than an eighth of the bound is not kept: it would push out too many others.
 */
export class BoundedMap<Value> {
  /** In the order of their use. */
  private readonly entries = new Map<string, Entry<Value>>();
  private used = 0;
  private pushedOut = 0;
  /** New values that were not kept since the last one that was. */
  private refused = 0;

  constructor(
    private readonly maxWeight: number,
    /**
     * Of so many new values for which others would have to go, one is kept. With 1, who asks for more than there is room for, one
     * after the other and then again, finds nothing: each value pushes out the one that is asked for next.
     */
    private readonly oneOf = 1,
  ) {}

  /** The weight of all that is kept. */
  get weight(): number {
    return this.used;
  }

  get size(): number {
    return this.entries.size;
  }

  /** How many values made room for others. */
  get evictions(): number {
    return this.pushedOut;
  }

  /** Finds a value without using it. */
  peek(key: string): Value | undefined {
    return this.entries.get(key)?.value;
  }

  /** Finds a value, which is then the last to make room. */
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

  /** Returns `false` if nothing was kept by this key. */
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

  /** Tells whether a value may be kept: where there is room, or as one of a few. */
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
