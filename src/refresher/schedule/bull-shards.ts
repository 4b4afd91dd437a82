import { randomUUID } from "node:crypto";
import { Queue, Worker, type Job } from "bullmq";
import type { Redis } from "ioredis";
import { connectRedis, formatKeyPrefix, type RedisNamespace } from "./redis-link.js";
import { SHARD_COUNT, computeQuota, findExcess, type LockTimes } from "./shards.js";

/**
 * The slices of hosts as BullMQ jobs. A slice has one job, whose name no second job can have; whoever holds it polls the
 * slice. Its lock is renewed at every beat, so a job whose holder died becomes stalled, and another's to take. A job
 * scheduler sees to it that no slice is without a job: its own job waits until a replica has room, which is just when
 * one may be missing.
 */
export class BullShards {
  private readonly replica = randomUUID();
  private readonly redis: Redis;
  private readonly queue: Queue;
  private readonly worker: Worker;
  private readonly held = new Map<number, Job>();

  constructor(
    private readonly place: RedisNamespace,
    private readonly intervalMs: number,
    private readonly times: LockTimes,
  ) {
    const { lockMs, heartbeatMs: beatMs } = times;
    this.redis = connectRedis(place, lockMs);
    const common = { connection: this.redis, prefix: formatKeyPrefix(place), skipVersionCheck: true };
    this.queue = new Queue("slices", {
      ...common,
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
      streams: { events: { maxLen: 100 } },
    });
    // Jobs are fetched by hand: a worker that runs by itself does not look for more while all it has are long ones.
    this.worker = new Worker("slices", null, {
      ...common,
      autorun: false,
      lockDuration: lockMs,
      stalledInterval: beatMs,
      // To change hands is no failure, however often it happens.
      maxStalledCount: Number.MAX_SAFE_INTEGER,
    });
    this.queue.on("error", () => undefined);
    this.worker.on("error", () => undefined);
    void this.worker.startStalledCheckTimer();
  }

  /** The slices held, the longest held first. */
  slices(): number[] {
    return [...this.held.keys()];
  }

  /** Makes sure that the scheduler is there; it is made anew where a Redis forgot it. */
  async begin(): Promise<void> {
    this.mustBeReady();
    await this.queue.upsertJobScheduler(KEEPER, { every: this.intervalMs }, { name: KEEPER });
  }

  /** Gives a sign of life and renews what is held; returns how many slices this replica is to poll. */
  async renew(): Promise<number> {
    this.mustBeReady();
    const replicas = await this.redis.eval(
      SIGN_OF_LIFE,
      1,
      `${formatKeyPrefix(this.place)}:replicas`,
      this.replica,
      this.times.lockMs,
    );
    const jobs = [...this.held];
    if (jobs.length > 0) {
      const ids = jobs.map(([slice]) => jobIdOf(slice));
      const lost = new Set(
        await this.worker.extendJobLocks(
          ids,
          ids.map(() => this.replica),
          this.times.lockMs,
        ),
      );
      for (const [slice] of jobs) if (lost.has(jobIdOf(slice))) this.held.delete(slice);
    }
    return computeQuota(Number(replicas));
  }

  /** What must go back so that others have their share. */
  surplus(share: number): readonly number[] {
    return findExcess(this.slices(), share);
  }

  /** Lets another replica have the slice, at once. */
  async release(slice: number): Promise<void> {
    const job = this.held.get(slice);
    this.held.delete(slice);
    try {
      await job?.moveToWait(this.replica);
    } catch (error) {
      // Somebody else has it already, or will, once its lock has run out.
      if (this.redis.status !== "ready") throw error;
    }
  }

  /** Takes slices that nobody holds, up to the share; returns those that somebody held before. */
  async take(share: number): Promise<readonly number[]> {
    const orphans: number[] = [];
    while (this.held.size < share) {
      const job = (await this.worker.getNextJob(this.replica, { block: false })) as Job | undefined;
      if (job === undefined) break;
      const slice = sliceIn(job.name);
      if (slice === null) {
        await this.addMissing();
        await job.moveToCompleted(null, this.replica, false);
        continue;
      }
      this.held.set(slice, job);
      if (job.attemptsStarted > 1) orphans.push(slice);
    }
    return orphans;
  }

  /** Releases all that is held, as far as Redis is there to be told, and closes. */
  async close(): Promise<void> {
    if (this.redis.status === "ready") {
      await Promise.allSettled([
        ...this.slices().map((slice) => this.release(slice)),
        this.redis.zrem(`${formatKeyPrefix(this.place)}:replicas`, this.replica),
      ]);
    }
    const closed = Promise.allSettled([this.worker.close(true), this.queue.close()]);
    this.redis.disconnect();
    await closed;
  }

  /** A job that is there already is left as it is, held or not. */
  private async addMissing(): Promise<void> {
    const slices = Array.from({ length: SHARD_COUNT }, (_, slice) => jobIdOf(slice));
    await this.queue.addBulk(slices.map((jobId) => ({ name: jobId, data: {}, opts: { jobId } })));
  }

  /** BullMQ waits for a connection as long as it takes; the beat must not. */
  private mustBeReady(): void {
    if (this.redis.status !== "ready") throw new Error(`connection to Redis is ${this.redis.status}`);
  }
}

const KEEPER = "keeper";

function jobIdOf(slice: number): string {
  return `slice-${slice}`;
}

function sliceIn(jobName: string): number | null {
  const digits = /^slice-(\d+)$/.exec(jobName)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** By the clock of Redis, since those of replicas differ. */
const SIGN_OF_LIFE = `
local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], nowMs + ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', nowMs)
return redis.call('ZCARD', KEYS[1])`;
