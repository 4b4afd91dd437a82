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
  private readonly hostIds = new Set<string>();
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

  get load(): HostSchedule<Result>["load"] {
    return this.schedule.load;
  }

  has(hostId: string): boolean {
    return this.hostIds.has(hostId);
  }

  refreshNow(hostId: string, freshMs?: number): Promise<Result> {
    return this.schedule.refreshNow(hostId, freshMs);
  }

  waitForPass(hostId: string): Promise<void> {
    return this.schedule.waitForPass(hostId);
  }

  /** Stops guarding the host. Resolves when its running pass has ended. */
  async remove(hostId: string): Promise<void> {
    if (this.hostIds.delete(hostId)) await this.schedule.remove(hostId);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.hostIds.clear();
    await this.schedule.stop();
  }

  private async look(): Promise<void> {
    const { listFailing, intervalMs, findOthersHost } = this.options;
    for (const hostId of (await listFailing?.(STANDBY_INTERVALS * intervalMs)) ?? []) {
      const host = findOthersHost(hostId);
      if (host === null || this.hostIds.has(hostId)) continue;
      this.hostIds.add(hostId);
      this.schedule.add(host, { isStandby: true });
    }
  }

  private async run(...[host, signal, turn]: Parameters<ScheduleOptions<Result>["run"]>): Promise<Result> {
    const result = await this.options.run(host, signal, turn);
    // Not awaited: removing waits for this pass.
    if (result.deferral === "fresh") void this.letGo(host.id);
    return result;
  }

  private async letGo(hostId: string): Promise<void> {
    await this.remove(hostId);
    const isStillOthers = !this.hostIds.has(hostId) && this.options.findOthersHost(hostId) !== null;
    if (isStillOthers) await this.options.release?.(hostId);
  }
}
