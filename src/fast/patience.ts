import { LargeTreeError } from "./checked-reads.js";

/** Remembers for a while which questions were read in vain, because they had to be executed all the same. */
export class Patience {
  private readonly until = new Map<string, number>();

  /** Reads a question's answer; `null`: it has to be executed. That is remembered, as is a VM that is too large to be written. */
  async read<Answer>(key: string, read: () => Promise<Answer | null>): Promise<Answer | null> {
    if (this.isExecuted(key)) return null;
    try {
      return (await read()) ?? this.note(key);
    } catch (error) {
      if (error instanceof LargeTreeError) this.note(key);
      throw error;
    }
  }

  /** Returns `true` if the question shall be executed at once. */
  isExecuted(key: string): boolean {
    return performance.now() < (this.until.get(key) ?? -Infinity);
  }

  /** Notes that a question was read in vain. Returns `null`: it has to be executed. */
  note(key: string): null {
    if (this.until.size >= MOST_KEYS) this.until.clear();
    this.until.set(key, performance.now() + PATIENCE_MS);
    return null;
  }
}

/** What is too large now is too large in a moment. */
const PATIENCE_MS = 60_000;

const MOST_KEYS = 100;
