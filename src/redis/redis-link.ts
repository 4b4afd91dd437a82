import { Redis } from "ioredis";

/** The URL of Redis, and the name under which this installation keeps its keys there. */
export interface RedisNamespace {
  readonly url: string;
  /** The same for all replicas of one installation, but different for installations that share a Redis. */
  readonly installation: string;
}

/** Opens a connection that reconnects without end. While Redis does not answer, commands fail at once. */
export function connectRedis({ url }: RedisNamespace, commandTimeoutMs: number): Redis {
  const redis = new Redis(url, {
    // BullMQ requires these two settings.
    maxRetriesPerRequest: null,
    enableReadyCheck: true,
    enableOfflineQueue: false,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: commandTimeoutMs,
    retryStrategy: (times) => Math.min(RETRY_EVERY_MS, 100 * times),
    // A server that was demoted keeps its clients, and refuses what writes. A new connection leads to the one that took over.
    reconnectOnError: isReadOnlyError,
  });
  // A failed command rejects, and a lost connection is opened again. So errors need no handling here.
  redis.on("error", () => undefined);
  return redis;
}

/** Tells whether a server refused a command because it was demoted. */
export function isReadOnlyError({ message }: Error): boolean {
  return message.includes("READONLY");
}

/** Returns the prefix of all keys of an installation. The braces keep the keys on one node of a Redis Cluster. */
export function formatKeyPrefix({ installation }: RedisNamespace): string {
  return `{vnic-graph:${installation}}`;
}

const CONNECT_TIMEOUT_MS = 3_000;
const RETRY_EVERY_MS = 1_000;
