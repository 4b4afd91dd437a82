import type { Redis } from "ioredis";
import { connectRedis, formatKeyPrefix, type RedisNamespace } from "./redis-link.js";

/** Tells the other replicas that something was written, and hears it from them. */
export interface Wakes {
  /** Tells it soon. Where Redis does not answer, nobody hears it, and nobody needs to. */
  send(): void;
  /** Closes both connections; resolves when nothing is left running. */
  stop(): Promise<void>;
}

/** What wakes are made of. */
export interface WakesOptions {
  /** Called when some replica has written, and when wakes may have been missed. */
  readonly onWake: () => void;
  /** Called with `false` once Redis does not answer, and with `true` once it does again. */
  readonly onReachable: (isReachable: boolean) => void;
}

/**
 * Opens the wakes of a process: one connection that hears, and one that tells. A message has no content: who is woken reads
 * the log, which alone says what changed. So a message that is lost, doubled or forged costs a look at the log or some time.
 */
export function openWakes(namespace: RedisNamespace, options: WakesOptions): Wakes {
  return new RedisWakes(namespace, options);
}

class RedisWakes implements Wakes {
  private readonly channel: string;
  private readonly hearing: Redis;
  private readonly telling: Redis;
  private readonly heartbeat: NodeJS.Timeout;
  private isReachable = true;
  private isStopped = false;
  /** While it runs, further wakes are told by the message at its end. */
  private gap: NodeJS.Timeout | null = null;
  private isDue = false;

  constructor(
    namespace: RedisNamespace,
    private readonly options: WakesOptions,
  ) {
    this.channel = `${formatKeyPrefix(namespace)}:wakes`;
    this.telling = connectRedis(namespace, COMMAND_TIMEOUT_MS);
    this.hearing = connectRedis(namespace, COMMAND_TIMEOUT_MS);
    this.hearing.on("message", () => {
      this.options.onWake();
    });
    this.hearing.on("ready", () => void this.subscribe());
    this.hearing.on("close", () => {
      this.noteReachable(false);
    });
    this.heartbeat = setInterval(() => void this.checkHearing(), HEARTBEAT_MS);
    this.heartbeat.unref();
  }

  send(): void {
    if (this.gap !== null) {
      this.isDue = true;
      return;
    }
    if (this.isStopped) return;
    this.isDue = false;
    if (this.telling.status === "ready") void this.telling.publish(this.channel, "").catch(() => undefined);
    this.gap = setTimeout(() => {
      this.gap = null;
      if (this.isDue) this.send();
    }, LEAST_GAP_MS);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearInterval(this.heartbeat);
    clearTimeout(this.gap ?? undefined);
    await Promise.all([this.hearing, this.telling].map(disconnect));
  }

  private async subscribe(): Promise<void> {
    try {
      await this.hearing.subscribe(this.channel);
    } catch {
      this.reconnect();
      return;
    }
    this.noteReachable(true);
    // What was told while nobody heard it.
    this.options.onWake();
  }

  /** A connection whose other side has vanished without a word is noticed by its silence alone. */
  private async checkHearing(): Promise<void> {
    if (this.hearing.status !== "ready") return;
    await this.hearing.ping().catch(() => {
      this.reconnect();
    });
  }

  private reconnect(): void {
    if (!this.isStopped && this.hearing.status === "ready") this.hearing.disconnect(true);
  }

  private noteReachable(isReachable: boolean): void {
    if (this.isStopped || isReachable === this.isReachable) return;
    this.isReachable = isReachable;
    this.options.onReachable(isReachable);
  }
}

function disconnect(redis: Redis): Promise<void> {
  return new Promise((resolve) => {
    // Between two attempts to connect there is nothing that could end.
    if (redis.status === "end" || redis.status === "reconnecting") resolve();
    else redis.once("end", resolve);
    redis.disconnect();
  });
}

/** Readers look at the log no more often than that, however often they are woken. */
const LEAST_GAP_MS = 20;

const COMMAND_TIMEOUT_MS = 3_000;
const HEARTBEAT_MS = 5_000;
