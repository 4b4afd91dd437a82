/** Adds up the milliseconds in which this process works for one host and can do nothing else. */
export class WorkMeter {
  workedMs = 0;

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Does the work and adds its time, also if it throws. */
  measure<T>(work: () => T): T {
    const startedMs = this.now();
    try {
      return work();
    } finally {
      this.workedMs += this.now() - startedMs;
    }
  }
}
