/** How many tasks run, and how many wait for room to run. */
export interface Load {
  readonly running: number;
  readonly waiting: number;
}

/** Lets so many tasks run at the same time; the others wait, first come, first served. */
export class Slots {
  private readonly waiting: (() => void)[] = [];
  private free: number;

  constructor(private readonly size: number) {
    this.free = size;
  }

  get load(): Load {
    return { running: this.size - this.free, waiting: this.waiting.length };
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      return await task();
    } finally {
      // The slot goes from hand to hand: whoever comes now cannot overtake.
      const next = this.waiting.shift();
      if (next === undefined) this.free += 1;
      else next();
    }
  }
}
