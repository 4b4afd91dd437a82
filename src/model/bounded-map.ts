/**
 * Keeps values by key, within a bound of their weights, such as bytes. Those that were not used for the longest time make room,
 * and one that is heavier than an eighth of the bound is not kept: it would push out too many others.
 */
export class BoundedMap<Value> {
  /** In the order of their use. */
  private readonly entries = new Map<string, Entry<Value>>();
  private used = 0;
  private pushedOut = 0;

  constructor(private readonly maxWeight: number) {}

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
    this.delete(key);
    if (weight > this.maxWeight / 8) return;
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
