import type { ConfiguredHost } from "../../store/types.js";
import { BullShards } from "./bull-shards.js";
import type { RefresherLog } from "../pass-log.js";
import type { RedisNamespace } from "./redis-link.js";
import type { HostSchedule, PassOutcome, ScheduleOptions, StartSchedule } from "./schedule.js";
import { SHARD_COUNT, findShard, computeLockTimes, wasDue, type LockTimes } from "./shards.js";
import type { Load } from "./slots.js";
import { startTimerSchedule } from "./timer-schedule.js";
import { computePhase } from "./timing.js";

/** Makes schedules that share the hosts with those of other replicas, through BullMQ on Redis. */
export function createBullSchedule<Result extends PassOutcome>(
  place: RedisNamespace,
  log: RefresherLog,
): StartSchedule<Result> {
  return (options) => {
    const { intervalMs } = options;
    return intervalMs === null
      ? startTimerSchedule(options)
      : new BullSchedule({ ...options, intervalMs }, place, log);
  };
}

type Options<Result extends PassOutcome> = ScheduleOptions<Result> & { readonly intervalMs: number };

/**
 * Timers in this process for the hosts of the slices that this replica holds. Without Redis it goes on with those that
 * it has, and after an interval, in which others may have died, with all: wasteful, but right, for the store's fence
 * lets one writer through.
 */
class BullSchedule<Result extends PassOutcome> implements HostSchedule<Result> {
  private readonly hosts = Array.from({ length: SHARD_COUNT }, () => new Map<string, ConfiguredHost>());
  /** Slices polled here. */
  private readonly polled = new Set<number>();
  /** The hosts of these slices, each at its turns. */
  private readonly turns: HostSchedule<Result>;
  /** All hosts, for who asks here about a host that another replica polls. */
  private readonly asked: HostSchedule<Result>;
  private readonly slices: BullShards;
  private readonly times: LockTimes;
  /** Turns are at the same moments in every replica, so that a host that changes hands keeps its own. */
  private readonly gridMs: number;
  private readonly timer: NodeJS.Timeout;
  private beat: Promise<void> | null = null;
  private failedBeats = 0;
  /** Slices on their way to other replicas: their last passes end here. */
  private readonly leaving = new Map<number, Promise<void>>();
  private isStopped = false;
  private isSchedulerKnown = false;
  private hasAnswered = false;
  private lastAnswerMs: number;
  private lastFullMs: number;
  private isAlone = false;
  /** Until then nothing is let go that was polled here while Redis was away. */
  private keepUntilMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly options: Options<Result>,
    place: RedisNamespace,
    private readonly log: RefresherLog,
  ) {
    const { hosts, intervalMs, now } = options;
    this.gridMs = now() - (Date.now() % intervalMs);
    this.turns = startTimerSchedule({ ...options, hosts: [], gridMs: this.gridMs });
    this.asked = startTimerSchedule({ ...options, intervalMs: null });
    for (const host of hosts) this.hostsOf(findShard(host.id)).set(host.id, host);
    this.lastAnswerMs = this.lastFullMs = now();
    this.times = computeLockTimes(intervalMs);
    this.slices = new BullShards(place, intervalMs, this.times);
    this.timer = setInterval(() => {
      this.takeBeat();
    }, this.times.heartbeatMs);
    this.takeBeat();
  }

  get load(): Load {
    const [turns, asked] = [this.turns.load, this.asked.load];
    return { running: turns.running + asked.running, waiting: turns.waiting + asked.waiting };
  }

  add(host: ConfiguredHost): void {
    const slice = findShard(host.id);
    this.hostsOf(slice).set(host.id, host);
    this.asked.add(host);
    if (this.polled.has(slice)) this.turns.add(host);
  }

  async remove(hostId: string): Promise<void> {
    this.hostsOf(findShard(hostId)).delete(hostId);
    await Promise.all([this.turns.remove(hostId), this.asked.remove(hostId)]);
  }

  async refreshNow(hostId: string): Promise<Result> {
    const isPolled = () => this.polled.has(findShard(hostId));
    if (isPolled()) return this.turns.refreshNow(hostId);
    const result = await this.asked.refreshNow(hostId);
    if (!isPolled()) await this.options.release?.(hostId);
    return result;
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearInterval(this.timer);
    await Promise.all([this.turns.stop(), this.asked.stop()]);
    await this.beat;
    await Promise.all(this.leaving.values());
    await this.slices.close();
  }

  private takeBeat(): void {
    this.beat ??= this.shareWork()
      .catch((error: unknown) => {
        this.goOnAlone(error instanceof Error ? error.message : String(error));
      })
      .finally(() => {
        this.beat = null;
      });
  }

  private async shareWork(): Promise<void> {
    const { slices } = this;
    if (!this.isSchedulerKnown) await slices.begin();
    this.isSchedulerKnown = true;
    const share = await slices.renew();
    this.noteAnswer();
    // Not waited for: a pass may take long to end, and until it has, the slice is held and its lock renewed.
    if (this.leaving.size === 0) for (const slice of slices.surplus(share)) this.giveAway(slice);
    if (this.isStopped) return;
    const orphans = await slices.take(share);
    const nowMs = this.options.now();
    if (slices.slices().length >= share) this.lastFullMs = nowMs;
    // Others have their share, or Redis has lost its memory: the scheduler is asked to look.
    else if (nowMs - this.lastFullMs > this.options.intervalMs) this.isSchedulerKnown = false;
    this.pollThese(new Set(slices.slices()), orphans);
  }

  private noteAnswer(): void {
    const nowMs = this.options.now();
    this.lastAnswerMs = nowMs;
    this.failedBeats = 0;
    this.hasAnswered = true;
    if (!this.isAlone) return;
    this.isAlone = false;
    this.keepUntilMs = nowMs + this.options.intervalMs;
    this.log.info({}, "Redis answers; replicas share the hosts again");
  }

  private goOnAlone(reason: string): void {
    if (this.isStopped) return;
    const { now, intervalMs } = this.options;
    const silenceMs = now() - this.lastAnswerMs;
    this.failedBeats += 1;
    // After a pause of this very process, one beat may fail though Redis answers.
    if (this.failedBeats < 2 || silenceMs < (this.hasAnswered ? this.times.lockMs : intervalMs / 3)) return;
    if (!this.isAlone) {
      this.isAlone = true;
      this.isSchedulerKnown = false;
      this.log.warn({ reason }, "Redis does not answer; polling goes on, unshared, until it does");
    }
    if (this.hasAnswered && silenceMs < intervalMs) return;
    // One that is being given away still has passes to end; the next beat takes it up.
    for (let slice = 0; slice < SHARD_COUNT; slice += 1)
      if (!this.leaving.has(slice)) this.poll(slice, false);
  }

  private pollThese(wanted: ReadonlySet<number>, orphans: readonly number[]): void {
    if (this.isStopped) return;
    const late = new Set(orphans);
    for (const slice of wanted) if (!this.leaving.has(slice)) this.poll(slice, late.has(slice));
    if (this.options.now() < this.keepUntilMs) return;
    for (const slice of this.polled) if (!wanted.has(slice)) this.giveAway(slice);
  }

  /** Takes up the turns of a slice's hosts; those that came due while nobody had the slice are polled at once. */
  private poll(slice: number, isLate: boolean): void {
    if (this.polled.has(slice)) return;
    this.polled.add(slice);
    const { intervalMs, now } = this.options;
    const placeMs = now() - this.gridMs;
    for (const host of this.hostsOf(slice).values()) {
      this.turns.add(host);
      if (isLate && wasDue(computePhase(host.id, intervalMs), placeMs, this.times.missedMs, intervalMs)) {
        this.turns.refreshNow(host.id).catch(() => undefined);
      }
    }
  }

  private giveAway(slice: number): void {
    const gone = this.leave(slice)
      .then(() => this.slices.release(slice))
      .catch(() => undefined)
      .finally(() => this.leaving.delete(slice));
    this.leaving.set(slice, gone);
  }

  private async leave(slice: number): Promise<void> {
    this.polled.delete(slice);
    const { release: rest } = this.options;
    await Promise.all(
      [...this.hostsOf(slice).keys()].map(async (id) => {
        await this.turns.remove(id);
        await rest?.(id);
      }),
    );
  }

  private hostsOf(slice: number): Map<string, ConfiguredHost> {
    return this.hosts[slice] as Map<string, ConfiguredHost>;
  }
}
