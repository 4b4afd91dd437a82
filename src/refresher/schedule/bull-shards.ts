import { randomUUID } from "node:crypto";
import { Queue, Worker, type Job } from "bullmq";
import type { Redis } from "ioredis";
import { connectRedis, formatKeyPrefix, type RedisNamespace } from "../../redis/redis-link.js";
import { SHARD_COUNT, computeQuota, findExcess, type LockTimes } from "./shards.js";

/**
 * Holds the shards of hosts as BullMQ jobs.
 *
 * 1. Each shard has one job, whose id is unique. The replica that holds the job polls the shard.
 * 2. Every heartbeat renews the job's lock. If the holder dies, the job stalls, and another replica may take it.
 * 3. A repeatable "keeper" job adds lost shard jobs again. Only a replica below its quota takes it.
 *
 * In Redis a shard is called slice, as in earlier releases, so that replicas of old and new releases can share the hosts.
 */
export class BullShards {
  private readonly replica = randomUUID();
  private readonly redis: Redis;
  private readonly queue: Queue;
  private readonly worker: Worker;
  private readonly held = new Map<number, Job>();

  constructor(
    private readonly namespace: RedisNamespace,
    private readonly intervalMs: number,
    private readonly times: LockTimes,
  ) {
    const { lockMs, heartbeatMs: beatMs } = times;
    this.redis = connectRedis(namespace, lockMs);
    const common = { connection: this.redis, prefix: formatKeyPrefix(namespace), skipVersionCheck: true };
    this.queue = new Queue("slices", {
      ...common,
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
      streams: { events: { maxLen: 100 } },
    });
    // Fetches jobs by hand, because a worker that runs by itself fetches none while all its jobs are long ones.
    this.worker = new Worker("slices", null, {
      ...common,
      autorun: false,
      lockDuration: lockMs,
      stalledInterval: beatMs,
      // A shard may go from replica to replica any number of times. That is not a failure.
      maxStalledCount: Number.MAX_SAFE_INTEGER,
    });
    this.queue.on("error", () => undefined);
    this.worker.on("error", () => undefined);
    void this.worker.startStalledCheckTimer();
  }

  /** Lists the shards that this replica holds, the longest held first. */
  list(): number[] {
    return [...this.held.keys()];
  }

  /** Creates the keeper job if it is missing, for example after Redis has lost its data. */
  async begin(): Promise<void> {
    this.assertConnected();
    await this.queue.upsertJobScheduler(KEEPER, { every: this.intervalMs }, { name: KEEPER });
  }

  /** Sends a heartbeat and renews the locks; returns this replica's quota. */
  async renew(): Promise<number> {
    this.assertConnected();
    const replicas = await this.redis.eval(
      HEARTBEAT,
      1,
      `${formatKeyPrefix(this.namespace)}:replicas`,
      this.replica,
      this.times.lockMs,
    );
    const jobs = [...this.held];
    if (jobs.length > 0) {
      const ids = jobs.map(([shard]) => formatJobId(shard));
      const lost = new Set(
        await this.worker.extendJobLocks(
          ids,
          ids.map(() => this.replica),
          this.times.lockMs,
        ),
      );
      for (const [shard] of jobs) if (lost.has(formatJobId(shard))) this.held.delete(shard);
    }
    return computeQuota(Number(replicas));
  }

  /** Finds the shards to hand off, so that other replicas reach their quota. */
  findExcess(quota: number): readonly number[] {
    return findExcess(this.list(), quota);
  }

  /** Lets another replica take the shard at once. */
  async release(shard: number): Promise<void> {
    const job = this.held.get(shard);
    this.held.delete(shard);
    try {
      await job?.moveToWait(this.replica);
    } catch (error) {
      // Another replica has it already, or will take it when its lock expires.
      if (this.redis.status !== "ready") throw error;
    }
  }

  /** Takes shards that no replica holds, up to the quota. */
  async take(quota: number): Promise<void> {
    while (this.held.size < quota) {
      const job = (await this.worker.getNextJob(this.replica, { block: false })) as Job | undefined;
      if (job === undefined) return;
      const shard = parseShard(job.name);
      if (shard === null) {
        await this.addMissing();
        await job.moveToCompleted(null, this.replica, false);
      } else this.held.set(shard, job);
    }
  }

  /** Releases all shards, if Redis answers, and closes the connections. */
  async close(): Promise<void> {
    if (this.redis.status === "ready") {
      await Promise.allSettled([
        ...this.list().map((shard) => this.release(shard)),
        this.redis.zrem(`${formatKeyPrefix(this.namespace)}:replicas`, this.replica),
      ]);
    }
    const closed = Promise.allSettled([this.worker.close(true), this.queue.close()]);
    this.redis.disconnect();
    await closed;
  }

  /** Adds the jobs of all shards. BullMQ ignores those that exist already. */
  private async addMissing(): Promise<void> {
    const jobIds = Array.from({ length: SHARD_COUNT }, (_, shard) => formatJobId(shard));
    await this.queue.addBulk(jobIds.map((jobId) => ({ name: jobId, data: {}, opts: { jobId } })));
  }

  /** Throws if there is no connection. BullMQ would wait for one without end, but a heartbeat must not. */
  private assertConnected(): void {
    if (this.redis.status !== "ready") throw new Error(`connection to Redis is ${this.redis.status}`);
  }
}

const KEEPER = "keeper";

function formatJobId(shard: number): string {
  return `slice-${shard}`;
}

function parseShard(jobName: string): number | null {
  const digits = /^slice-(\d+)$/.exec(jobName)?.[1];
  return digits === undefined ? null : Number(digits);
}

/**
 * Notes that a replica is alive, and counts those that are. Uses the clock of Redis, because the replicas' clocks differ.
 */
const HEARTBEAT = `
local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], nowMs + ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', nowMs)
return redis.call('ZCARD', KEYS[1])`;
