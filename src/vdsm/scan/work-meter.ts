/** Adds up the milliseconds in which this process works for one host and does nothing else, and what others did for it. */
export class WorkMeter {
  workedMs = 0;

  constructor(
    private readonly now: () => number = () => performance.now(),
    private readonly readCpuMs: () => number = readProcessCpuMs,
  ) {}

  /** Adds the time in which others worked for the host, such as the database. */
  add(ms: number): void {
    this.workedMs += ms;
  }

  /**
   * Does the work and adds its time, even if it throws. The time is the clock's, or the processor's if that is less: a
   * process that was paused, or that waited for a processor, did not work for the host meanwhile. Other threads of the
   * process do not count.
   */
  measure<T>(work: () => T): T {
    const startedMs = this.now();
    const startedCpuMs = this.readCpuMs();
    try {
      return work();
    } finally {
      this.workedMs += Math.min(this.now() - startedMs, this.readCpuMs() - startedCpuMs);
    }
  }
}

function readProcessCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
