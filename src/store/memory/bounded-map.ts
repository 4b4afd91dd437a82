/** Values by key, within a number of bytes: those that were not used for the longest time make room. */
export class BoundedMap<Value> {
  /** In the order of their use. */
  private readonly entries = new Map<string, Entry<Value>>();
  private used = 0;
  private pushedOut = 0;

  constructor(private readonly maxBytes: number) {}

  get bytes(): number {
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

  set(key: string, value: Value, bytes: number): void {
    this.delete(key);
    // One value of an eighth of all would push out too many others.
    if (bytes > this.maxBytes / 8) return;
    this.entries.set(key, { value, bytes });
    this.used += bytes;
    this.makeRoom();
  }

  /** Notes that a value takes more bytes now, or fewer. */
  grow(key: string, value: Value, bytes: number): void {
    const entry = this.entries.get(key);
    if (entry?.value !== value) return;
    entry.bytes += bytes;
    this.used += bytes;
    this.makeRoom();
  }

  delete(key: string): void {
    const entry = this.entries.get(key);
    if (entry === undefined) return;
    this.entries.delete(key);
    this.used -= entry.bytes;
  }

  clear(): void {
    this.entries.clear();
    this.used = 0;
  }

  private makeRoom(): void {
    for (const key of this.entries.keys()) {
      if (this.used <= this.maxBytes) return;
      this.delete(key);
      this.pushedOut += 1;
    }
  }
}

interface Entry<Value> {
  readonly value: Value;
  bytes: number;
}
