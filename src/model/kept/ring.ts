import { Link } from "./link.js";

/**
 * Keeps what is there at the moment, in the order in which it came. Unlike a Set, it leaves nothing behind: a Set that has become old
 * replaces its table again and again, and V8 keeps each of these with all that was in it until its next complete collection. With
 * them the short collections made nearly each request old, which cost twice as many complete ones.
 */
export class Ring<Value> {
  private readonly end = new RingLink<Value | null>(null);
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** Adds a value at the end. Returns its link, by which it is removed. */
  add(value: Value): RingLink<Value> {
    const link = new RingLink(value);
    this.append(link);
    return link;
  }

  /** Removes a value. Returns `false` if it was removed before. */
  remove(link: RingLink<Value>): boolean {
    if (link.isAlone) return false;
    link.leave();
    this.count -= 1;
    return true;
  }

  /** Moves a value to the end, unless it was removed. */
  moveToEnd(link: RingLink<Value>): void {
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

  private append(link: RingLink<Value>): void {
    link.enterBefore(this.end as RingLink<Value>);
    this.count += 1;
  }
}

/** The place of a value in a ring. */
export class RingLink<Value> extends Link {
  constructor(readonly value: Value) {
    super();
  }
}
