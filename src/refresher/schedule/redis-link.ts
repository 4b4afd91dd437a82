import { Redis } from "ioredis";

/** Where Redis is, and under which name this installation's keys stand there. */
export interface RedisNamespace {
  readonly url: string;
  /** Installations that share a Redis differ in it; the replicas of one do not. */
  readonly installation: string;
}

/** A connection that never gives up and never keeps a command waiting: who asks while Redis is away is told at once. */
export function connectRedis({ url }: RedisNamespace, commandTimeoutMs: number): Redis {
  const redis = new Redis(url, {
    // Both are what BullMQ asks of a connection that it is given.
    maxRetriesPerRequest: null,
    enableReadyCheck: true,
    enableOfflineQueue: false,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: commandTimeoutMs,
    retryStrategy: (times) => Math.min(RETRY_EVERY_MS, 100 * times),
  });
  // Every command that fails tells its caller; a connection that fails by itself is tried again by itself.
  redis.on("error", () => undefined);
  return redis;
}

/** All keys and channels of an installation begin so; the braces keep them together on a Redis Cluster. */
export function formatKeyPrefix({ installation }: RedisNamespace): string {
  return `{vnic-graph:${installation}}`;
}

const CONNECT_TIMEOUT_MS = 3_000;
const RETRY_EVERY_MS = 1_000;
