import type { ConfiguredHost } from "../../store/types.js";
import { BullShards } from "./bull-shards.js";
import type { RefresherLog } from "../pass-log.js";
import type { RedisNamespace } from "../../redis/redis-link.js";
import type { AddOptions, HostSchedule, PassOutcome, ScheduleOptions, StartSchedule } from "./schedule.js";
import { SHARD_COUNT, findShard, computeLockTimes, type LockTimes } from "./shards.js";
import { Slots, type Load } from "./slots.js";
import { startTimerSchedule } from "./timer-schedule.js";
import { computePatience } from "./timing.js";
import { HostGuard } from "./host-guard.js";

/** Creates schedules that share the hosts with other replicas, through BullMQ on Redis. */
export function createBullSchedule<Result extends PassOutcome>(
  namespace: RedisNamespace,
  log: RefresherLog,
): StartSchedule<Result> {
  return (options) => {
    const { intervalMs } = options;
    return intervalMs === null
      ? startTimerSchedule(options)
      : new BullSchedule({ ...options, intervalMs }, namespace, log);
  };
}

type Options<Result extends PassOutcome> = ScheduleOptions<Result> & { readonly intervalMs: number };

interface KnownHost {
  readonly host: ConfiguredHost;
  readonly isStandby: boolean;
}

/**
 * Runs timers in this process for the hosts of the shards that this replica holds.
 *
 * While Redis does not answer:
 * 1. The replica goes on with the shards that it has.
 * 2. After an interval, in which other replicas may have died, it polls all shards. That wastes work but is right: claims
 *    in the database let one replica at a time poll a host, and the fence lets only one writer through.
 * 3. When Redis answers again, it keeps all shards for one more interval, until the others have theirs.
 *
 * A replica that holds a shard may be unable to ask its hosts. The others then poll those hosts, too (`host-guard.ts`).
 */
class BullSchedule<Result extends PassOutcome> implements HostSchedule<Result> {
  private readonly hosts = Array.from({ length: SHARD_COUNT }, () => new Map<string, KnownHost>());
  /** The shards that are polled here. */
  private readonly polled = new Set<number>();
  /** The schedule of the hosts of these shards, each at its turns. */
  private readonly turns: HostSchedule<Result>;
  /** The schedule of all hosts. It runs passes on request for hosts that another replica polls. */
  private readonly onRequest: HostSchedule<Result>;
  /** The hosts of other replicas' shards that those cannot poll. */
  private readonly guard: HostGuard<Result>;
  private readonly shards: BullShards;
  private readonly times: LockTimes;
  private readonly timer: NodeJS.Timeout;
  private heartbeat: Promise<void> | null = null;
  private failedHeartbeats = 0;
  /** Shards that are being handed off: their last passes end here. */
  private readonly handingOff = new Map<number, Promise<void>>();
  private isStopped = false;
  private isSchedulerKnown = false;
  private hasAnswered = false;
  private lastAnswerMs: number;
  private lastFullMs: number;
  private isAlone = false;
  /** Until then, no shard is handed off that was polled here while Redis did not answer. */
  private keepUntilMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly options: Options<Result>,
    namespace: RedisNamespace,
    private readonly log: RefresherLog,
  ) {
    const { hosts, intervalMs, now } = options;
    // A host's turns are at the same moments in every replica. So they stay when another replica takes the host.
    const gridMs = now() - (Date.now() % intervalMs);
    // A shard has one replica, so its turns need not check what others did, unless Redis does not answer.
    const getTurnFreshMs = () => (this.isAlone ? intervalMs / 2 : 0);
    const slots = new Slots(options.concurrency, computePatience(intervalMs));
    this.turns = startTimerSchedule({ ...options, hosts: [], gridMs, getTurnFreshMs, slots });
    this.onRequest = startTimerSchedule({ ...options, intervalMs: null });
    const findOthersHost = (id: string) => this.findOthersHost(id);
    const release = (id: string) => this.release(id);
    this.guard = new HostGuard({ ...options, gridMs, slots, findOthersHost, release });
    for (const host of hosts) this.findHosts(findShard(host.id)).set(host.id, { host, isStandby: false });
    this.lastAnswerMs = this.lastFullMs = now();
    this.times = computeLockTimes(intervalMs);
    this.shards = new BullShards(namespace, intervalMs, this.times);
    this.timer = setInterval(() => {
      this.startHeartbeat();
    }, this.times.heartbeatMs);
    this.startHeartbeat();
  }

  get load(): Load {
    // The turns and the guard have the same slots.
    const [polled, requested] = [this.turns.load, this.onRequest.load];
    return { running: polled.running + requested.running, waiting: polled.waiting + requested.waiting };
  }

  add(host: ConfiguredHost, { isStandby = false, firstFreshMs = 0 }: AddOptions = {}): void {
    const shard = findShard(host.id);
    this.findHosts(shard).set(host.id, { host, isStandby });
    this.onRequest.add(host);
    if (this.polled.has(shard)) this.turns.add(host, { isStandby, firstFreshMs });
  }

  async remove(hostId: string): Promise<void> {
    this.findHosts(findShard(hostId)).delete(hostId);
    await Promise.all([this.turns, this.onRequest, this.guard].map((schedule) => schedule.remove(hostId)));
  }

  async refreshNow(hostId: string, freshMs = 0): Promise<Result> {
    if (this.polled.has(findShard(hostId))) return this.turns.refreshNow(hostId, freshMs);
    if (this.guard.has(hostId)) return this.guard.refreshNow(hostId, freshMs);
    const result = await this.onRequest.refreshNow(hostId, freshMs);
    await this.release(hostId);
    return result;
  }

  async waitForPass(hostId: string): Promise<void> {
    await Promise.all(
      [this.turns, this.onRequest, this.guard].map((schedule) => schedule.waitForPass(hostId)),
    );
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearInterval(this.timer);
    await Promise.all([this.turns, this.onRequest, this.guard].map((schedule) => schedule.stop()));
    await this.heartbeat;
    await Promise.all(this.handingOff.values());
    await this.shards.close();
  }

  private startHeartbeat(): void {
    this.heartbeat ??= this.shareShards()
      .catch((error: unknown) => {
        this.continueAlone(error instanceof Error ? error.message : String(error));
      })
      .finally(() => {
        this.heartbeat = null;
      });
  }

  private async shareShards(): Promise<void> {
    const { shards } = this;
    if (!this.isSchedulerKnown) await shards.begin();
    this.isSchedulerKnown = true;
    const quota = await shards.renew();
    this.noteAnswer();
    // Does not wait for the hand-off, because a pass may take long to end. Until then the shard is held and its lock
    // renewed.
    if (this.handingOff.size === 0) for (const shard of shards.findExcess(quota)) this.handOff(shard);
    if (this.isStopped) return;
    await shards.take(quota);
    const nowMs = this.options.now();
    if (shards.list().length >= quota) this.lastFullMs = nowMs;
    // This replica has been below its quota for an interval. Perhaps Redis has lost its data: begin again, which restores
    // the job scheduler if it is missing.
    else if (nowMs - this.lastFullMs > this.options.intervalMs) this.isSchedulerKnown = false;
    this.pollOnly(new Set(shards.list()));
  }

  private noteAnswer(): void {
    const nowMs = this.options.now();
    this.lastAnswerMs = nowMs;
    this.failedHeartbeats = 0;
    this.hasAnswered = true;
    if (!this.isAlone) return;
    this.isAlone = false;
    this.keepUntilMs = nowMs + this.options.intervalMs;
    this.log.info({}, "Redis answers; replicas share the hosts again");
  }

  private continueAlone(reason: string): void {
    if (this.isStopped) return;
    const { now, intervalMs } = this.options;
    const silenceMs = now() - this.lastAnswerMs;
    this.failedHeartbeats += 1;
    // After a pause of this process, one heartbeat may fail although Redis answers.
    const patienceMs = this.hasAnswered ? this.times.lockMs : intervalMs / 3;
    if (this.failedHeartbeats < 2 || silenceMs < patienceMs) return;
    if (!this.isAlone) {
      this.isAlone = true;
      this.isSchedulerKnown = false;
      this.log.warn({ reason }, "Redis does not answer; polling goes on, unshared, until it does");
    }
    if (this.hasAnswered && silenceMs < intervalMs) return;
    // A shard that is being handed off still has running passes. The next heartbeat polls it.
    for (let shard = 0; shard < SHARD_COUNT; shard += 1) if (!this.handingOff.has(shard)) this.poll(shard);
  }

  private pollOnly(wanted: ReadonlySet<number>): void {
    if (this.isStopped) return;
    for (const shard of wanted) if (!this.handingOff.has(shard)) this.poll(shard);
    if (this.options.now() < this.keepUntilMs) return;
    for (const shard of this.polled) if (!wanted.has(shard)) this.handOff(shard);
  }

  /**
   * Starts to poll the hosts of a shard: at once those that no replica has polled for an interval, the others at their
   * turns.
   */
  private poll(shard: number): void {
    if (this.polled.has(shard)) return;
    this.polled.add(shard);
    const firstFreshMs = this.options.intervalMs;
    for (const { host, isStandby } of this.findHosts(shard).values()) {
      void this.guard.remove(host.id);
      this.turns.add(host, { isStandby, firstFreshMs });
    }
  }

  /** Lets another replica take the shard as soon as its passes here have ended. */
  private handOff(shard: number): void {
    const handedOff = this.stopPolling(shard)
      .then(() => this.shards.release(shard))
      .catch(() => undefined)
      .finally(() => this.handingOff.delete(shard));
    this.handingOff.set(shard, handedOff);
  }

  private async stopPolling(shard: number): Promise<void> {
    this.polled.delete(shard);
    await Promise.all(
      [...this.findHosts(shard).keys()].map(async (id) => {
        await this.turns.remove(id);
        await this.release(id);
      }),
    );
  }

  /** Closes the connection of a host that is neither polled nor guarded here, when no requested pass uses it. */
  private async release(hostId: string): Promise<void> {
    await this.onRequest.waitForPass(hostId);
    const isPolled = this.polled.has(findShard(hostId)) || this.guard.has(hostId);
    if (!isPolled) await this.options.release?.(hostId);
  }

  private findOthersHost(hostId: string): ConfiguredHost | null {
    const shard = findShard(hostId);
    const isOthers = !this.polled.has(shard) && !this.handingOff.has(shard);
    return isOthers ? (this.findHosts(shard).get(hostId)?.host ?? null) : null;
  }

  private findHosts(shard: number): Map<string, KnownHost> {
    return this.hosts[shard] as Map<string, KnownHost>;
  }
}
