/**
 * Bounds the share of this process that one host's answers can take. A host that always sends the largest answers that are
 * accepted, each time with everything changed, could otherwise keep the event loop busy for a good part of each interval.
 * Credit grows with time, up to an amount that the first pass over the largest host does not use up.
 */
export class WorkBudget {
  private creditMs = MOST_CREDIT_MS;
  private spentMs = 0;
  private atMs: number;

  constructor(private readonly now: () => number) {
    this.atMs = now();
  }

  /**
   * Takes what the host's answers have cost since the last call from its credit; `workedMs` is all that they ever cost.
   * Returns for how many milliseconds the host must not be asked; 0 while there is credit.
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

/** Of one core. Honest hosts of hundreds of VMs need less than a thousandth. */
const SHARE = 0.1;

/** The first pass over 20,000 VMs takes less. */
const MOST_CREDIT_MS = 30_000;
