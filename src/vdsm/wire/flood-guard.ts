/**
 * Bounds what a host sends without being asked: heartbeats, events, replies to nobody. A host that exceeds a burst of one
 * answer's size and then a steady rate costs everybody else, and its connection is dropped.
 */
export class FloodGuard {
  private credit: number;
  private lastMs: number;

  constructor(
    private readonly maxFrameBytes: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.credit = this.burst;
    this.lastMs = now();
  }

  /** Counts bytes that have come, asked for or not yet known to be. Returns `false` once the host floods. */
  admit(bytes: number): boolean {
    const nowMs = this.now();
    this.credit = Math.min(this.burst, this.credit + ((nowMs - this.lastMs) / 1_000) * BYTES_PER_SECOND);
    this.lastMs = nowMs;
    this.credit -= bytes;
    return this.credit >= 0;
  }

  /** Counts a frame that answered nobody. */
  admitUnasked(): boolean {
    return this.admit(BYTES_PER_FRAME);
  }

  /** Gives back what an answer to one of our calls has taken. */
  refund(bytes: number): void {
    this.credit = Math.min(this.burst, this.credit + bytes);
  }

  private get burst(): number {
    return this.maxFrameBytes + SLACK_BYTES;
  }
}

/** What handling a frame costs, beside its bytes. */
const BYTES_PER_FRAME = 4_096;

/** An honest host sends a heartbeat of one byte every few seconds. */
const BYTES_PER_SECOND = 65_536;

const SLACK_BYTES = 1_048_576;
