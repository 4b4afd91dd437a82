import { randomUUID } from "node:crypto";
import { localChanges, type ChangeFeed } from "./changes.js";
import type { RefresherLog } from "./pass-log.js";
import type { GuestNetworkChange } from "./pass.js";
import { connectRedis, formatKeyPrefix, type RedisNamespace } from "./schedule/redis-link.js";

/** Changes of all replicas: own ones at once, those of others over a channel of Redis. */
export function redisChanges(place: RedisNamespace, log: RefresherLog): ChangeFeed {
  const local = localChanges();
  const replica = randomUUID();
  const channel = `${formatKeyPrefix(place)}:changes`;
  const sender = connectRedis(place, COMMAND_TIMEOUT_MS);
  const receiver = connectRedis(place, COMMAND_TIMEOUT_MS);
  // After a lost connection ioredis subscribes again by itself, but only to what it once was subscribed to.
  receiver.on("ready", () => {
    receiver.subscribe(channel).catch(() => undefined);
  });
  receiver.on("message", (_, text) => {
    const message = messageIn(text);
    if (message === null)
      log.warn({ channel }, "an unreadable message on the channel of changes was skipped");
    else if (message.replica !== replica) local.publish(message.change);
  });
  return {
    publish(change) {
      sender.publish(channel, JSON.stringify({ replica, change } satisfies Message)).catch(() => undefined);
      local.publish(change);
    },
    subscribe: (listener) => local.subscribe(listener),
    async close() {
      sender.disconnect();
      receiver.disconnect();
      await local.close();
    },
  };
}

interface Message {
  readonly replica: string;
  readonly change: GuestNetworkChange;
}

/** Whoever can reach Redis can write to the channel. */
function messageIn(text: string): Message | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  return isMessage(value) ? value : null;
}

function isMessage(value: unknown): value is Message {
  const { replica, change } = (value ?? {}) as { replica?: unknown; change?: unknown };
  if (typeof replica !== "string" || typeof change !== "object" || change === null) return false;
  const { hostId, vmIds } = change as { hostId?: unknown; vmIds?: unknown };
  return typeof hostId === "string" && Array.isArray(vmIds) && vmIds.every((id) => typeof id === "string");
}

const COMMAND_TIMEOUT_MS = 5_000;
