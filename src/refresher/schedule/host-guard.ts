import type { ConfiguredHost } from "../../store/types.js";
import type { HostSchedule, PassOutcome, ScheduleOptions } from "./schedule.js";
import { startTimerSchedule, STANDBY_INTERVALS } from "./timer-schedule.js";

/** What the guard of a replica needs. */
export type GuardOptions<Result extends PassOutcome> = ScheduleOptions<Result> & {
  readonly intervalMs: number;
  /** Finds a host that another replica is to poll; `null`: this replica does, or the host is not known here. */
  readonly findOthersHost: (hostId: string) => ConfiguredHost | null;
};

/**
 * Polls the hosts of other replicas that those ask in vain, because their network, their certificate or their list of hosts
 * is another one. A host is guarded until another replica has polled it with success. The others know of it by the stored
 * success, and leave the host alone meanwhile.
 */
export class HostGuard<Result extends PassOutcome> {
  /** When each guarded host was last polled here with success. */
  private readonly successMs = new Map<string, number>();
  private readonly schedule: HostSchedule<Result>;
  private readonly timer: NodeJS.Timeout;
  private looking: Promise<void> | null = null;

  constructor(private readonly options: GuardOptions<Result>) {
    this.schedule = startTimerSchedule({ ...options, hosts: [], run: (...pass) => this.run(...pass) });
    this.timer = setInterval(() => {
      this.looking ??= this.look()
        // The database is away. The passes tell it.
        .catch(() => undefined)
        .finally(() => {
          this.looking = null;
        });
    }, options.intervalMs / 2);
  }

  has(hostId: string): boolean {
    return this.successMs.has(hostId);
  }

  refreshNow(hostId: string, freshMs?: number): Promise<Result> {
    return this.schedule.refreshNow(hostId, freshMs);
  }

  waitForPass(hostId: string): Promise<void> {
    return this.schedule.waitForPass(hostId);
  }

  /** Stops guarding the host. Resolves when its running pass has ended. */
  async remove(hostId: string): Promise<void> {
    if (this.successMs.delete(hostId)) await this.schedule.remove(hostId);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.successMs.clear();
    await this.schedule.stop();
    await this.looking;
  }

  private async look(): Promise<void> {
    const { listFailing, intervalMs, findOthersHost } = this.options;
    for (const hostId of (await listFailing?.(STANDBY_INTERVALS * intervalMs)) ?? []) {
      const host = findOthersHost(hostId);
      if (host === null || this.has(hostId)) continue;
      this.successMs.set(hostId, Number.NEGATIVE_INFINITY);
      this.schedule.add(host, { isStandby: true });
    }
  }

  private async run(...[host, signal, turn]: Parameters<ScheduleOptions<Result>["run"]>): Promise<Result> {
    const { run, now } = this.options;
    // Another gateway may have claimed the host in vain since. Then our own success would count as its.
    const sinceSuccessMs = now() - (this.successMs.get(host.id) ?? Number.NEGATIVE_INFINITY);
    const result = await run(host, signal, { ...turn, freshMs: Math.min(turn.freshMs, sinceSuccessMs) });
    if (result.outcome === "done" && this.has(host.id)) this.successMs.set(host.id, now());
    // Not awaited: removing waits for this pass. A connection that cannot be closed is not used again either.
    if (result.deferral === "fresh") this.letGo(host.id).catch(() => undefined);
    return result;
  }

  private async letGo(hostId: string): Promise<void> {
    if (!this.has(hostId)) return;
    await this.remove(hostId);
    await this.options.release?.(hostId);
  }
}
