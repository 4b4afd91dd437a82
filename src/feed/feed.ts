import type { ChangeLog, LogCursor, LoggedChange, LogTail } from "../store/changes/change-log.js";
import { shareNext } from "./share-next.js";
import { LostCursorError } from "../store/changes/log-errors.js";

/** Receives changes in the order of the log. */
export interface FeedListener {
  /**
   * Called with each page of changes; `end` is the cursor behind them. The feed reads on when all listeners have resolved,
   * so that pages do not come faster than they are taken. The promise must never reject, and must resolve soon, even for a
   * slow reader.
   */
  onChanges(changes: readonly LoggedChange[], end: LogCursor): Promise<void> | undefined;
  /**
   * Called when the order of changes is broken, for example because a copy of the database took over. The listener's state
   * may be wrong then.
   */
  onReset(error: LostCursorError): void;
}

/** Options of a feed. */
export interface FeedOptions {
  readonly log: ChangeLog;
  /** The time between two looks at the log. */
  readonly intervalMs?: number;
  /** Called before listeners get a page of changes, or a broken order. */
  readonly onPage?: () => void;
  /** Called with an error when the log cannot be read any more, and with `null` when it can be read again. */
  readonly onTrouble?: (error: Error | null) => void;
}

/**
 * Informs listeners in this process of what changed, in the order of the commits of all replicas. It has one reader,
 * however many listen.
 */
export interface Feed {
  /** Adds a listener, which gets all changes behind the returned cursor. */
  listen(listener: FeedListener): Promise<Listening>;
  /** Looks at the log soon, because something was written. */
  wake(): void;
  /** Returns the time since all changes of the log had been passed on; `null` while nobody listens. */
  getLagMs(): number | null;
  /** Stops reading; listeners get no more changes. Resolves when nothing is left running. */
  stop(): Promise<void>;
}

/** The registration of a listener. */
export interface Listening {
  /** The cursor where it began. Changes before it are not passed on. */
  readonly from: LogCursor;
  end(): void;
}

/** Starts a feed. It reads only while somebody listens. */
export function startFeed(options: FeedOptions): Feed {
  return new LogFeed(options);
}

class LogFeed implements Feed {
  private readonly listeners = new Set<FeedListener>();
  /** The number of callers that wait for the look after which they listen. They need the tail that it reads. */
  private joining = 0;
  private isStopped = false;
  /** Ends waiting for listeners that are taking a page. */
  private stopWaiting: () => void = () => undefined;
  private tail: LogTail | null = null;
  private loop: Promise<void> | null = null;
  /** Looks at the log once more, after the running look. */
  private readonly look = shareNext(() => this.readOn());
  private isInTrouble = false;
  /** When all changes of the log had been passed on, by the clock of this process. */
  private caughtUpAt = 0;
  /** Ends the pause between two looks. */
  private endPause: () => void = () => undefined;
  private isWoken = false;

  constructor(private readonly options: FeedOptions) {}

  async listen(listener: FeedListener): Promise<Listening> {
    // A look that began before this call may miss changes that were committed before the call.
    this.joining += 1;
    try {
      await this.look();
    } finally {
      this.joining -= 1;
    }
    const { tail } = this;
    if (tail === null || this.isStopped) throw new Error("the feed was stopped");
    this.listeners.add(listener);
    this.loop ??= this.run();
    return { from: tail.cursor, end: () => void this.listeners.delete(listener) };
  }

  wake(): void {
    this.isWoken = true;
    this.endPause();
  }

  getLagMs(): number | null {
    return this.listeners.size === 0 ? null : performance.now() - this.caughtUpAt;
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    this.listeners.clear();
    this.stopWaiting();
    this.endPause();
    await this.loop;
    await this.look.waitUntilIdle();
  }

  private async run(): Promise<void> {
    let failures = 0;
    while (!this.isStopped && this.listeners.size > 0) {
      try {
        await this.look();
        failures = 0;
        this.reportTrouble(null);
      } catch (error) {
        failures += 1;
        this.reportTrouble(error instanceof Error ? error : new Error(String(error)));
      }
      await this.pause(failures);
    }
    this.loop = null;
    // The next listener begins at the end of the log, not where this loop ended.
    if (this.listeners.size > 0) {
      if (!this.isStopped) this.loop = this.run();
    } else if (this.joining === 0) {
      this.tail = null;
    }
  }

  private async readOn(): Promise<void> {
    this.tail ??= await this.options.log.openTail();
    try {
      let hasMore = true;
      while (hasMore && !this.isStopped) {
        const page = await this.tail.read(PAGE);
        ({ hasMore } = page);
        if (page.changes.length > 0) await this.passOn(page.changes, this.tail.cursor);
      }
      this.caughtUpAt = performance.now();
    } catch (error) {
      if (!(error instanceof LostCursorError)) throw error;
      this.tail = await this.options.log.openTail();
      this.options.onPage?.();
      for (const listener of [...this.listeners]) listener.onReset(error);
    }
  }

  private async passOn(changes: readonly LoggedChange[], end: LogCursor): Promise<void> {
    this.options.onPage?.();
    const taking = [...this.listeners].flatMap((listener) => listener.onChanges(changes, end) ?? []);
    if (taking.length === 0) return;
    const passed = Promise.all(taking);
    // Not `Promise.race` with a promise that lives as long as the feed: it would keep a reference to each page.
    await new Promise<unknown>((resolve, reject) => {
      this.stopWaiting = () => {
        resolve(null);
      };
      passed.then(resolve, reject);
      if (this.isStopped) resolve(null);
    });
    this.stopWaiting = () => undefined;
  }

  private reportTrouble(error: Error | null): void {
    const isInTrouble = error !== null;
    if (isInTrouble !== this.isInTrouble) this.options.onTrouble?.(error);
    this.isInTrouble = isInTrouble;
  }

  /**
   * Waits until the next look is due. `wake` ends the wait, except for the shortest gap. After a failure it has no effect.
   */
  private async pause(failures: number): Promise<void> {
    const { intervalMs = INTERVAL_MS } = this.options;
    const longestMs = Math.max(intervalMs, LONGEST_WAIT_MS);
    await this.wait(Math.min(intervalMs, LEAST_GAP_MS), () => false);
    const waitMs = Math.min(intervalMs * 2 ** Math.min(failures, 10), longestMs);
    await this.wait(waitMs, () => this.isWoken && failures === 0);
    this.isWoken = false;
  }

  private async wait(ms: number, isOver: () => boolean): Promise<void> {
    if (this.isStopped || isOver()) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.endPause = () => {
        if (!this.isStopped && !isOver()) return;
        clearTimeout(timer);
        resolve();
      };
    });
    this.endPause = () => undefined;
  }
}

/** Short enough for people who watch. Changes of other replicas wait for so long, this process' own ones do not. */
const INTERVAL_MS = 250;

/** The shortest gap between two looks, however often the feed is woken. */
const LEAST_GAP_MS = 20;

const LONGEST_WAIT_MS = 5_000;

/** The number of changes that one statement reads: about a megabyte. */
const PAGE = 2_000;
