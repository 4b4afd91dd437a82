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
  private free: number;

  constructor(options: PoolOptions) {
    // This class limits the wait, and the client limits connecting. The pool's own limit would count both together.
    super({
      ...options,
      connectionTimeoutMillis: 0,
      Client: SessionClient as unknown as new () => pg.ClientBase,
    });
    this.waitTimeoutMs = options.waitTimeoutMs;
    this.onUnavailable = options.onUnavailable ?? (() => undefined);
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

  private async checkOut(): Promise<pg.PoolClient> {
    await this.takeTurn();
    let client: pg.PoolClient;
    try {
      client = await super.connect();
    } catch (error) {
      this.giveTurn();
      const known = toDatabaseError(error);
      const reported =
        known instanceof DatabaseUnavailableError ? known : new DatabaseUnavailableError("away", error);
      this.onUnavailable(reported);
      throw reported;
    }
    const release = client.release.bind(client);
    client.release = (error) => {
      this.giveTurn();
      release(error);
    };
    return client;
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

interface Waiter {
  readonly resolve: () => void;
  readonly timer: NodeJS.Timeout;
}
