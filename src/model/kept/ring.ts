/**
 * Keeps what is there at the moment, in the order in which it came. Unlike a Set, it leaves nothing behind: a Set that has become old
 * replaces its table again and again, and V8 keeps each of these with all that was in it until its next complete collection. With
 * them the short collections made nearly each request old, which cost twice as many complete ones.
 */
export class Ring<Value> {
  private readonly end = new Link<Value | null>(null);
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** Adds a value at the end. Returns its place, by which it is removed. */
  add(value: Value): Link<Value> {
    const link = new Link(value);
    this.append(link);
    return link;
  }

  /** Removes a value. Returns `false` if it was removed before. */
  remove(link: Link<Value>): boolean {
    if (!link.leave()) return false;
    this.count -= 1;
    return true;
  }

  /** Moves a value to the end, unless it was removed. */
  moveToEnd(link: Link<Value>): void {
    if (this.remove(link)) this.append(link);
  }

  /** Goes over the values. The one that was given last may be removed meanwhile. */
  *[Symbol.iterator](): Generator<Value, void, undefined> {
    for (let link = this.end.next; link !== this.end;) {
      const { next } = link;
      yield link.value as Value;
      link = next;
    }
  }

  clear(): void {
    while (this.end.next !== this.end) this.remove(this.end.next as Link<Value>);
  }

  private append(link: Link<Value>): void {
    link.enterBefore(this.end as Link<Value>);
    this.count += 1;
  }
}

/** The place of a value in a ring; alone, it is its own neighbour. */
export class Link<Value> {
  next: Link<Value> = this;
  private previous: Link<Value> = this;

  constructor(readonly value: Value) {}

  enterBefore(other: Link<Value>): void {
    this.next = other;
    this.previous = other.previous;
    other.previous.next = this;
    other.previous = this;
  }

  /** Returns `false` if it is alone. */
  leave(): boolean {
    if (this.next === this) return false;
    this.next.previous = this.previous;
    this.previous.next = this.next;
    // An old object that nobody needs would still hold a young one until the next complete collection.
    this.next = this.previous = this;
    return true;
  }
}
