/** How many tasks run, and how many wait for a slot. */
export interface Load {
  readonly running: number;
  readonly waiting: number;
}

/** Options of a task. */
export interface SlotOptions {
  /** The task may hang. Other tasks go first, and half of the slots are reserved for them. */
  readonly isSuspect: boolean;
}

/**
 * Limits how many tasks run at the same time.
 *
 * 1. A task waits until a slot is free. Tasks go in the order in which they came, but suspects after all others.
 * 2. A task that runs for longer than `patienceMs` gives its slot back and goes on without one. It waits for its host and
 *    costs this process nothing, so it must not delay others until its deadline.
 *
 * So at most `size` tasks start within `patienceMs`.
 */
export class Slots {
  private readonly waiting: (() => void)[] = [];
  private readonly waitingSuspects: (() => void)[] = [];
  private readonly suspectSlots: number;
  private used = 0;
  private usedBySuspects = 0;
  private running = 0;

  constructor(
    private readonly size: number,
    private readonly patienceMs: number,
  ) {
    this.suspectSlots = Math.max(1, Math.floor(size / 2));
  }

  get load(): Load {
    return { running: this.running, waiting: this.waiting.length + this.waitingSuspects.length };
  }

  async run<T>(task: () => Promise<T>, { isSuspect }: SlotOptions = { isSuspect: false }): Promise<T> {
    await new Promise<void>((resolve) => {
      (isSuspect ? this.waitingSuspects : this.waiting).push(resolve);
      this.fill();
    });
    let holdsSlot = true;
    const giveBack = () => {
      if (!holdsSlot) return;
      holdsSlot = false;
      this.used -= 1;
      if (isSuspect) this.usedBySuspects -= 1;
      this.fill();
    };
    const timer = setTimeout(giveBack, this.patienceMs);
    this.running += 1;
    try {
      return await task();
    } finally {
      clearTimeout(timer);
      this.running -= 1;
      giveBack();
    }
  }

  /** Gives free slots to waiting tasks. It takes the slot here, so that no later task can overtake. */
  private fill(): void {
    while (this.used < this.size) {
      const next = this.waiting.shift() ?? this.takeSuspect();
      if (next === undefined) return;
      this.used += 1;
      next();
    }
  }

  private takeSuspect(): (() => void) | undefined {
    if (this.usedBySuspects >= this.suspectSlots) return undefined;
    const next = this.waitingSuspects.shift();
    if (next !== undefined) this.usedBySuspects += 1;
    return next;
  }
}
