import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { SessionClient, type ClientOptions } from "./client.js";
import { DatabaseOverloadedError, DatabaseUnavailableError, toDatabaseError } from "./errors.js";

/** Options of a pool, with those of its clients. */
export interface PoolOptions extends pg.PoolConfig {
  readonly session: ClientOptions;
  /** How long a request waits for a connection while all are in use. */
  readonly waitTimeoutMs: number;
  /** Called each time that a connection is lost or none can be made. */
  readonly onUnavailable?: (error: DatabaseUnavailableError) => void;
  /** Called each time that the database takes no further connection, so that the pool goes on with those that it has. */
  readonly onFewer?: (error: DatabaseUnavailableError) => void;
  /** Called if the pool has no connection, and the database takes no further one. Returns whether another pool gives one up. */
  readonly onNone?: () => boolean;
}

type CheckOut = (error: Error | undefined, client: pg.PoolClient | undefined, done: () => void) => void;

/**
 * A pool whose errors say why there is no connection. All are in use ({@link DatabaseOverloadedError}), or none can be made
 * ({@link DatabaseUnavailableError}).
 */
export class SharePool extends pg.Pool {
  private readonly clients = new Set<SessionClient>();
  private readonly waitTimeoutMs: number;
  private readonly waiting: Waiter[] = [];
  private readonly onUnavailable: (error: DatabaseUnavailableError) => void;
  private readonly onFewer: (error: DatabaseUnavailableError) => void;
  private readonly onNone: () => boolean;
  private free: number;
  private surplus = 0;

  constructor(options: PoolOptions) {
    // This class limits the wait, and the client limits connecting. The pool's own limit would count both together.
    super({
      ...options,
      connectionTimeoutMillis: 0,
      Client: SessionClient as unknown as new () => pg.ClientBase,
    });
    this.waitTimeoutMs = options.waitTimeoutMs;
    this.onUnavailable = options.onUnavailable ?? (() => undefined);
    this.onFewer = options.onFewer ?? (() => undefined);
    this.onNone = options.onNone ?? (() => false);
    this.free = this.options.max;
    this.on("connect", (client) => this.clients.add(client as unknown as SessionClient));
    this.on("remove", (client) => this.clients.delete(client as unknown as SessionClient));
  }

  /** Counts the requests that wait for a connection. */
  countWaiting(): number {
    return this.waiting.length;
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: CheckOut): void;
  override connect(callback?: CheckOut): Promise<pg.PoolClient> | void {
    const client = this.checkOut();
    if (callback === undefined) return client;
    client.then(
      (each) => {
        callback(undefined, each, (error?: Error | boolean) => {
          each.release(error);
        });
      },
      (error: unknown) => {
        callback(error as Error, undefined, () => undefined);
      },
    );
  }

  /** Closes every connection at once, also those in use. Running statements fail. */
  cutAll(): void {
    for (const client of this.clients) client.cut();
  }

  /**
   * Gives up a connection, at once or when it comes back, so that another pool can have one. Returns `false` if it has no
   * more than one.
   */
  giveUpOne(): boolean {
    if (this.clients.size - this.surplus < 2) return false;
    if (this.idleCount > 0 && this.free > 0) {
      this.free -= 1;
      this.giveTurnLater();
      super.connect().then(
        (client) => {
          client.release(true);
        },
        () => undefined,
      );
    } else this.surplus += 1;
    return true;
  }

  private async checkOut(attempt = 0): Promise<pg.PoolClient> {
    await this.takeTurn();
    let client: pg.PoolClient;
    try {
      client = await super.connect();
    } catch (error) {
      const known = toDatabaseError(error);
      const reported =
        known instanceof DatabaseUnavailableError ? known : new DatabaseUnavailableError("away", error);
      return this.goOnWithout(reported, attempt);
    }
    const release = client.release.bind(client);
    client.release = (error) => {
      if (this.surplus === 0) {
        this.giveTurn();
        release(error);
        return;
      }
      this.surplus -= 1;
      this.giveTurnLater();
      release(error ?? true);
    };
    return client;
  }

  /**
   * Goes on after no connection could be made. If the database only takes no further one:
   * 1. If the pool has others, they are in use, and one of them will be given back.
   * 2. If it has none, but another pool gives one up, it tries again for a moment.
   */
  private async goOnWithout(error: DatabaseUnavailableError, attempt: number): Promise<pg.PoolClient> {
    if (error.reason === "connections") {
      if (this.clients.size > 0) {
        this.onFewer(error);
        this.giveTurnLater();
        return this.checkOut();
      }
      if (attempt === 0 ? this.onNone() : attempt < MOST_ATTEMPTS) {
        this.giveTurn();
        await sleep(ATTEMPT_MS);
        return this.checkOut(attempt + 1);
      }
    }
    this.giveTurn();
    this.onUnavailable(error);
    throw error;
  }

  private giveTurnLater(): void {
    setTimeout(() => {
      this.giveTurn();
    }, FEWER_MS).unref();
  }

  private takeTurn(): Promise<void> {
    if (this.free > 0) {
      this.free -= 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        resolve,
        timer: setTimeout(() => {
          this.waiting.splice(this.waiting.indexOf(waiter), 1);
          reject(new DatabaseOverloadedError());
        }, this.waitTimeoutMs),
      };
      this.waiting.push(waiter);
    });
  }

  private giveTurn(): void {
    const next = this.waiting.shift();
    if (next === undefined) {
      this.free += 1;
      return;
    }
    clearTimeout(next.timer);
    next.resolve();
  }
}

/** How long a pool goes on with fewer connections before it tries to make one more. */
const FEWER_MS = 15_000;

/** How often, and after which time, a pool without a connection tries again when another pool has given one up. */
const MOST_ATTEMPTS = 8;
const ATTEMPT_MS = 100;

interface Waiter {
  readonly resolve: () => void;
  readonly timer: NodeJS.Timeout;
}
