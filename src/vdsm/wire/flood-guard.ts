/**
 * Bounds what a host sends without being asked: heartbeats, events, replies to unknown calls. A host may send a burst
 * of one answer's size, and then a steady rate. Beyond that its connection is dropped, since the work would delay all
 * other hosts.
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

  /**
   * Counts bytes that have arrived in one piece, before it is known whether they answer a call. Returns `false` if the host
   * floods. A host may send TLS records of one byte, which all come as pieces.
   */
  admitPiece(bytes: number): boolean {
    return this.admit(Math.max(bytes, LEAST_BYTES_OF_A_PIECE));
  }

  /** Counts a frame that answered no call. */
  admitUnasked(): boolean {
    return this.admit(BYTES_PER_FRAME);
  }

  /** Gives back the credit that an answer to one of our calls has used. */
  refund(bytes: number): void {
    this.credit = Math.min(this.burst, this.credit + bytes);
  }

  private admit(bytes: number): boolean {
    const nowMs = this.now();
    this.credit = Math.min(this.burst, this.credit + ((nowMs - this.lastMs) / 1_000) * BYTES_PER_SECOND);
    this.lastMs = nowMs;
    this.credit -= bytes;
    return this.credit >= 0;
  }

  private get burst(): number {
    return this.maxFrameBytes + SLACK_BYTES;
  }
}

/** What a piece counts at least: the time that it takes. Of a long answer few pieces are shorter. */
const LEAST_BYTES_OF_A_PIECE = 512;

/** The cost of handling a frame, in addition to its bytes. */
const BYTES_PER_FRAME = 4_096;

/** An honest host sends a heartbeat of one byte every few seconds. */
const BYTES_PER_SECOND = 65_536;

const SLACK_BYTES = 1_048_576;
