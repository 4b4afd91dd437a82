/** A member of a ring, which knows its neighbours; alone, it is its own neighbour. */
export class Link {
  next: this = this;
  private previous: this = this;

  get isAlone(): boolean {
    return this.next === this;
  }

  enterBefore(other: this): void {
    this.next = other;
    this.previous = other.previous;
    other.previous.next = this;
    other.previous = this;
  }

  leave(): void {
    this.next.previous = this.previous;
    this.previous.next = this.next;
    // An old object that nobody needs would still hold a young one until the next complete collection.
    this.next = this.previous = this;
  }
}
