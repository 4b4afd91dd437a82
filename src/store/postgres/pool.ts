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
  /** Called if the pool has no connection, and the database takes no further one. Returns what another pool gives up, or `null`. */
  readonly onNone?: () => GivenUp | null;
}

/** A connection that a pool gives up for another one. */
export interface GivenUp {
  /** Tells whether it is still in use. */
  isDue(): boolean;
  /** Keeps it, if it is still in use. */
  cancel(): void;
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
  private readonly onNone: () => GivenUp | null;
  /** The connections that are given up when they come back. */
  private readonly due = new Set<GivenUp>();
  /** What another pool gives up for this one. It is asked for one at a time. */
  private awaited: GivenUp | null = null;
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
    this.onFewer = options.onFewer ?? (() => undefined);
    this.onNone = options.onNone ?? (() => null);
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
   * Gives up a connection, at once or when it comes back, so that another pool can have one. Returns `null` if it has no
   * more than one.
   */
  giveUpOne(): GivenUp | null {
    if (this.clients.size - this.due.size < 2) return null;
    const one: GivenUp = { isDue: () => this.due.has(one), cancel: () => void this.due.delete(one) };
    if (this.idleCount > 0 && this.free > 0) {
      this.free -= 1;
      this.giveTurnLater();
      super.connect().then(
        (client) => {
          client.release(true);
        },
        () => undefined,
      );
    } else this.due.add(one);
    return one;
  }

  private async checkOut(
    deadline = performance.now() + this.waitTimeoutMs,
    attempt = 0,
  ): Promise<pg.PoolClient> {
    await this.takeTurn(deadline);
    let client: pg.PoolClient;
    try {
      client = await super.connect();
    } catch (error) {
      const known = toDatabaseError(error);
      const reported =
        known instanceof DatabaseUnavailableError ? known : new DatabaseUnavailableError("away", error);
      return this.goOnWithout(reported, deadline, attempt);
    }
    this.awaited?.cancel();
    this.awaited = null;
    const release = client.release.bind(client);
    client.release = (error) => {
      const [givenUp] = this.due;
      if (givenUp === undefined) {
        this.giveTurn();
        release(error);
        return;
      }
      this.due.delete(givenUp);
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
  private async goOnWithout(
    error: DatabaseUnavailableError,
    deadline: number,
    attempt: number,
  ): Promise<pg.PoolClient> {
    if (error.reason === "connections") {
      if (this.clients.size > 0) {
        this.onFewer(error);
        this.giveTurnLater();
        return this.checkOut(deadline);
      }
      this.awaited ??= this.onNone();
      if (this.awaited !== null && attempt < MOST_ATTEMPTS) {
        this.giveTurn();
        await sleep(ATTEMPT_MS);
        return this.checkOut(deadline, attempt + 1);
      }
      // Somebody else took it, so that the next request asks for another one.
      if (this.awaited?.isDue() === false) this.awaited = null;
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

  /** Waits for a turn until the deadline. The earliest deadline has the first turn, so who tries again loses no place. */
  private takeTurn(deadline: number): Promise<void> {
    if (this.free > 0) {
      this.free -= 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        deadline,
        resolve,
        timer: setTimeout(() => {
          this.waiting.splice(this.waiting.indexOf(waiter), 1);
          reject(new DatabaseOverloadedError());
        }, deadline - performance.now()),
      };
      const before = this.waiting.findLastIndex((other) => other.deadline <= deadline);
      this.waiting.splice(before + 1, 0, waiter);
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
  readonly deadline: number;
  readonly resolve: () => void;
  readonly timer: NodeJS.Timeout;
}
