import type { Redis } from "ioredis";
import { connectRedis, formatKeyPrefix, isReadOnlyError, type RedisNamespace } from "./redis-link.js";

/** Informs other replicas that something was written, and receives the same from them. */
export interface Wakes {
  /** Sends a message soon. While Redis does not answer, no replica receives it, which does no harm. */
  send(): void;
  /** Closes both connections; resolves when nothing is left running. */
  stop(): Promise<void>;
}

/** Options of wakes. */
export interface WakesOptions {
  /** Called when another replica has written, and when messages may have been missed. */
  readonly onWake: () => void;
  /** Called with `false` when Redis does not answer any more, and with `true` when it answers again. */
  readonly onReachable: (isReachable: boolean) => void;
}

/**
 * Opens the wakes of a process: one connection that receives, and one that sends. A message has no content. Who gets it
 * reads the change log, which alone says what changed. So a lost message costs some time, and a doubled or forged one costs
 * a look at the log.
 */
export function openWakes(
  namespace: RedisNamespace,
  options: WakesOptions,
  heartbeatMs = HEARTBEAT_MS,
): Wakes {
  return new RedisWakes(namespace, options, heartbeatMs);
}

class RedisWakes implements Wakes {
  private readonly channel: string;
  private readonly hearing: Redis;
  private readonly telling: Redis;
  private readonly heartbeat: NodeJS.Timeout;
  private isReachable = true;
  /** `true`: the receiving connection is opened anew because it led to a server that was demoted. */
  private isMoving = false;
  private isStopped = false;
  /** While this timer runs, further calls of `send` are covered by one message at its end. */
  private gap: NodeJS.Timeout | null = null;
  private isDue = false;

  constructor(
    namespace: RedisNamespace,
    private readonly options: WakesOptions,
    heartbeatMs: number,
  ) {
    this.channel = `${formatKeyPrefix(namespace)}:wakes`;
    this.telling = connectRedis(namespace, COMMAND_TIMEOUT_MS);
    this.hearing = connectRedis(namespace, COMMAND_TIMEOUT_MS);
    this.hearing.on("message", () => {
      this.options.onWake();
    });
    this.hearing.on("ready", () => void this.subscribe());
    this.hearing.on("close", () => {
      if (!this.isMoving) this.noteReachable(false);
      this.isMoving = false;
    });
    this.heartbeat = setInterval(() => {
      void this.checkHearing();
      void this.checkTelling();
    }, heartbeatMs);
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
    // Messages may have been missed while this connection did not listen.
    this.options.onWake();
  }

  /**
   * Checks the receiving connection with a ping. A connection whose other side vanished can be noticed only by its silence.
   */
  private async checkHearing(): Promise<void> {
    if (this.hearing.status !== "ready") return;
    await this.hearing.ping().catch(() => {
      this.reconnect();
    });
  }

  /**
   * Checks the sending connection with a command that writes, but changes nothing: there is no such key. A server that was
   * demoted publishes to those who stayed with it, and refuses what writes. Then both connections go to the one that took over.
   */
  private async checkTelling(): Promise<void> {
    if (this.telling.status !== "ready") return;
    await this.telling.del(this.channel).catch((error: unknown) => {
      // The connection that was refused is opened anew by itself.
      const isDemoted = error instanceof Error && isReadOnlyError(error);
      if (isDemoted && this.hearing.status === "ready") {
        this.isMoving = true;
        this.reconnect();
      }
      if (!(error instanceof Error && error.name === "ReplyError")) this.reconnect(this.telling);
    });
  }

  private reconnect(connection = this.hearing): void {
    if (!this.isStopped && connection.status === "ready") connection.disconnect(true);
  }

  private noteReachable(isReachable: boolean): void {
    if (this.isStopped || isReachable === this.isReachable) return;
    this.isReachable = isReachable;
    this.options.onReachable(isReachable);
  }
}

function disconnect(redis: Redis): Promise<void> {
  return new Promise((resolve) => {
    // Between two attempts to connect no event `end` would come.
    if (redis.status === "end" || redis.status === "reconnecting") resolve();
    else redis.once("end", resolve);
    redis.disconnect();
  });
}

/** The shortest gap between two messages. Readers do not look at the log more often. */
const LEAST_GAP_MS = 20;

const COMMAND_TIMEOUT_MS = 3_000;
const HEARTBEAT_MS = 5_000;
