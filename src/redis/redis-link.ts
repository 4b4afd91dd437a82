import { Redis } from "ioredis";

/** Where Redis is, and the name under which this installation keeps its keys there. */
export interface RedisNamespace {
  readonly url: string;
  /** Equal for the replicas of one installation, different for installations that share a Redis. */
  readonly installation: string;
}

/** Opens a connection that reconnects for ever. A command fails at once while Redis is away. */
export function connectRedis({ url }: RedisNamespace, commandTimeoutMs: number): Redis {
  const redis = new Redis(url, {
    // BullMQ requires both of a connection that it is given.
    maxRetriesPerRequest: null,
    enableReadyCheck: true,
    enableOfflineQueue: false,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: commandTimeoutMs,
    retryStrategy: (times) => Math.min(RETRY_EVERY_MS, 100 * times),
  });
  // A failed command rejects, and a lost connection is opened again, so there is nothing to do here.
  redis.on("error", () => undefined);
  return redis;
}

/** Returns how all keys of an installation begin. The braces keep them on one node of a Redis Cluster. */
export function formatKeyPrefix({ installation }: RedisNamespace): string {
  return `{vnic-graph:${installation}}`;
}

const CONNECT_TIMEOUT_MS = 3_000;
const RETRY_EVERY_MS = 1_000;
