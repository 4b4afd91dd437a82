/** Calls back once, when a host has sent nothing for one and a half times the interval of its heartbeats. */
export class HeartbeatWatch {
  private lastHeardMs = performance.now();
  private timer: NodeJS.Timeout | null = null;
  private readonly limitMs: number;

  constructor(
    promisedMs: number,
    private readonly onSilence: (limitMs: number) => void,
  ) {
    this.limitMs = Math.ceil(promisedMs * GRACE);
    this.arm(this.limitMs);
  }

  /** Notes that bytes arrived. Any byte counts as a heartbeat. */
  noteReceived(): void {
    this.lastHeardMs = performance.now();
  }

  stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private arm(afterMs: number): void {
    this.timer = setTimeout(() => {
      if (this.getRemainingMs() > 0) this.arm(this.getRemainingMs());
      else this.lookAgain();
    }, afterMs);
  }

  /**
   * Checks again after one turn of the event loop. If this process was blocked, bytes of the host may wait behind the
   * timers.
   */
  private lookAgain(): void {
    const timer = this.timer;
    setImmediate(() => {
      if (this.timer !== timer) return;
      if (this.getRemainingMs() > 0) this.arm(this.getRemainingMs());
      else this.onSilence(this.limitMs);
    });
  }

  private getRemainingMs(): number {
    return Math.ceil(this.lastHeardMs + this.limitMs - performance.now());
  }
}

/** The factor that the engine uses. */
const GRACE = 1.5;
