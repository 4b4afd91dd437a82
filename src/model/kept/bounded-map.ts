import { Link } from "./link.js";

/**
 * Keeps values by key, within a bound of their total weight, such as bytes. A hand goes round over them when room is needed:
 * a value that was used since it last came by stays, any other one goes (the algorithm is called CLOCK). So a use costs one
 * look-up; to keep the values in the order of their last use costs several times that. A value that is heavier than an eighth
 * of the bound is not kept, because it would replace too many others.
 */
export class BoundedMap<Value> {
  private readonly entries = new Map<string, Entry<Value>>();
  /**
   * What the hand comes to next, in a ring of all entries. An iterator of the map would do as well, but while it stands still V8
   * keeps each table that the map had since, with all that was ever replaced or deleted.
   */
  private hand: Entry<Value> | null = null;
  private used = 0;
  private pushedOut = 0;
  /** The number of new values that were not kept, since the last one that was. */
  private refused = 0;

  constructor(
    private maxWeight: number,
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

  /** Finds a value, and notes that it was used: it stays when the hand comes by next. */
  use(key: string): Value | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined) return undefined;
    entry.isUsed = true;
    return entry.value;
  }

  /** Keeps a value, unless it is too heavy. */
  set(key: string, value: Value, weight: number): void {
    const isNew = !this.delete(key);
    if (weight > this.maxWeight / 8 || !this.mayEnter(isNew, weight)) return;
    const entry = new Entry(key, value, weight);
    this.entries.set(key, entry);
    this.used += weight;
    // The hand comes to it last.
    if (this.hand === null) this.hand = entry;
    else entry.enterBefore(this.hand);
    this.makeRoom(entry);
  }

  /** Notes that a value weighs more now, or less. */
  grow(key: string, value: Value, weight: number): void {
    const entry = this.entries.get(key);
    if (entry?.value !== value) return;
    entry.weight += weight;
    this.used += weight;
    this.makeRoom(entry);
  }

  /** Removes a value. Returns `false` if none was kept by this key. */
  delete(key: string): boolean {
    const entry = this.entries.get(key);
    if (entry === undefined) return false;
    this.used -= entry.weight;
    if (this.hand === entry) this.hand = entry.isAlone ? null : entry.next;
    entry.leave();
    return this.entries.delete(key);
  }

  /** Changes the bound; values make room at once if they weigh more than it. Below 0, it is 0. */
  bound(maxWeight: number): void {
    this.maxWeight = Math.max(0, maxWeight);
    if (this.used > this.maxWeight) this.makeRoom(null);
  }

  clear(): void {
    this.entries.clear();
    this.hand = null;
    this.used = 0;
  }

  /** Returns `true` if a value may be kept, because there is room or it is the one of `oneOf`. */
  private mayEnter(isNew: boolean, weight: number): boolean {
    if (!isNew || this.used + weight <= this.maxWeight) return true;
    this.refused = (this.refused + 1) % this.oneOf;
    return this.refused === 0;
  }

  /** Makes room, also for this entry. It stays, unless it is the only one. */
  private makeRoom(forEntry: Entry<Value> | null): void {
    while (this.used > this.maxWeight && this.hand !== null) {
      const entry = this.hand;
      this.hand = entry.next;
      const mayStay = entry.isUsed || (entry === forEntry && this.entries.size > 1);
      entry.isUsed = false;
      if (mayStay) continue;
      this.delete(entry.key);
      this.pushedOut += 1;
    }
  }
}

/** A kept value in the ring. */
class Entry<Value> extends Link {
  /** Whether it was used since the hand last came by. */
  isUsed = false;

  constructor(
    readonly key: string,
    readonly value: Value,
    public weight: number,
  ) {
    super();
  }
}
