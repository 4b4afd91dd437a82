/** Adds up the milliseconds in which this process works for one host and can do nothing else. */
export class WorkMeter {
  workedMs = 0;

  constructor(
    private readonly now: () => number = () => performance.now(),
    private readonly readCpuMs: () => number = readProcessCpuMs,
  ) {}

  /**
   * Does the work and adds its time, also if it throws: the clock's, or the processor's if that is less. A process that was
   * paused, or waited for a processor that others had, did no work for the host meanwhile; other threads of it work for somebody
   * else.
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
