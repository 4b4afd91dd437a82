/**
 * Limits the share of this process's time, and of the database's for large changes, that one host's answers can take. Otherwise a host could keep the event loop busy
 * for a large part of each interval, by sending the largest accepted answers, each time with all VMs changed. Credit grows
 * with time, up to an amount that the first pass over the largest host does not use up.
 */
export class WorkBudget {
  private creditMs = MOST_CREDIT_MS;
  private spentMs = 0;
  private atMs: number;

  constructor(private readonly now: () => number) {
    this.atMs = now();
  }

  /**
   * Subtracts the time that the host's answers took since the last call from its credit. `workedMs` is the total time of
   * all its answers. Returns for how many milliseconds the host must not be polled; 0 while it has credit.
   */
  computeRest(workedMs: number): number {
    const nowMs = this.now();
    this.creditMs =
      Math.min(MOST_CREDIT_MS, this.creditMs + (nowMs - this.atMs) * SHARE) - (workedMs - this.spentMs);
    this.atMs = nowMs;
    this.spentMs = workedMs;
    return this.creditMs >= 0 ? 0 : Math.ceil(-this.creditMs / SHARE);
  }
}

/** The share of one core. Normal hosts with hundreds of VMs need less than a thousandth. */
const SHARE = 0.1;

/** The highest credit. The first pass over 20,000 VMs takes less. */
const MOST_CREDIT_MS = 30_000;
