import type { ChangeLog, LogCursor, LoggedChange, LogTail } from "../store/changes/change-log.js";
import { shareNext } from "./share-next.js";
import { LostCursorError } from "../store/changes/log-errors.js";

/** Hears of changes in the order of the log. */
export interface FeedListener {
  /**
   * Called with changes as they come; `end` is the cursor behind them. The feed reads on when the listener has resolved, so
   * that a long row of changes comes no faster than it is taken. It never rejects, and resolves soon, whoever reads slowly.
   */
  onChanges(changes: readonly LoggedChange[], end: LogCursor): Promise<void> | undefined;
  /**
   * Called when the order was broken, as by a copy of the database that took over. The listener's state may be wrong.
   */
  onReset(error: LostCursorError): void;
}

/** What a feed is made of. */
export interface FeedOptions {
  readonly log: ChangeLog;
  /** Between two looks at the log. */
  readonly intervalMs?: number;
  /** Called before listeners hear of a page of changes, or of a broken order. */
  readonly onPage?: () => void;
  /** Called once when the log cannot be read, and `null` once it can again. */
  readonly onTrouble?: (error: Error | null) => void;
}

/** Tells this process what changed, in the order of the commits of all replicas; one reader, however many listen. */
export interface Feed {
  /** Hears of all changes behind the returned cursor. */
  listen(listener: FeedListener): Promise<Listening>;
  /** Looks at the log soon, because something was written. */
  wake(): void;
  /** How long ago all that the log had was told; `null` while nobody listens. */
  lagMs(): number | null;
  /** Ends the reading; listeners hear no more. Resolves when nothing is left running. */
  stop(): Promise<void>;
}

/** A listener's place in the feed. */
export interface Listening {
  /** Where it began: all that is in it was committed before, and is not told. */
  readonly from: LogCursor;
  end(): void;
}

/** Starts a feed. It reads only while somebody listens. */
export function startFeed(options: FeedOptions): Feed {
  return new LogFeed(options);
}

class LogFeed implements Feed {
  private readonly listeners = new Set<FeedListener>();
  /** Those who wait for the look after which they listen: the tail that it reads is theirs. */
  private joining = 0;
  private isStopped = false;
  /** Ends the wait for listeners that take a page. */
  private endTelling: () => void = () => undefined;
  private tail: LogTail | null = null;
  private loop: Promise<void> | null = null;
  /** Looks at the log once more, after the look that is under way. */
  private readonly look = shareNext(() => this.readOn());
  private isInTrouble = false;
  /** When all that the log had was told, by the clock of this process. */
  private caughtUpAt = 0;
  /** Ends the pause between two looks. */
  private endPause: () => void = () => undefined;
  private isWoken = false;

  constructor(private readonly options: FeedOptions) {}

  async listen(listener: FeedListener): Promise<Listening> {
    // A look that began before this call may not show what was committed before it.
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

  lagMs(): number | null {
    return this.listeners.size === 0 ? null : performance.now() - this.caughtUpAt;
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    this.listeners.clear();
    this.endTelling();
    this.endPause();
    await this.loop;
    await this.look.whenIdle();
  }

  private async run(): Promise<void> {
    let failures = 0;
    while (!this.isStopped && this.listeners.size > 0) {
      try {
        await this.look();
        failures = 0;
        this.tellTrouble(null);
      } catch (error) {
        failures += 1;
        this.tellTrouble(error instanceof Error ? error : new Error(String(error)));
      }
      await this.pause(failures);
    }
    this.loop = null;
    // Who listens next begins at the end of the log, not where this reading ended.
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
        if (page.changes.length > 0) await this.tell(page.changes, this.tail.cursor);
      }
      this.caughtUpAt = performance.now();
    } catch (error) {
      if (!(error instanceof LostCursorError)) throw error;
      this.tail = await this.options.log.openTail();
      this.options.onPage?.();
      for (const listener of [...this.listeners]) listener.onReset(error);
    }
  }

  private async tell(changes: readonly LoggedChange[], end: LogCursor): Promise<void> {
    this.options.onPage?.();
    const taking = [...this.listeners].flatMap((listener) => listener.onChanges(changes, end) ?? []);
    if (taking.length === 0) return;
    const told = Promise.all(taking);
    // No race with a promise of the feed's whole life, which would keep something of each page.
    await new Promise<unknown>((resolve, reject) => {
      this.endTelling = () => {
        resolve(null);
      };
      told.then(resolve, reject);
      if (this.isStopped) resolve(null);
    });
    this.endTelling = () => undefined;
  }

  private tellTrouble(error: Error | null): void {
    const isInTrouble = error !== null;
    if (isInTrouble !== this.isInTrouble) this.options.onTrouble?.(error);
    this.isInTrouble = isInTrouble;
  }

  /** Waits for the next look. A wake ends the wait, but not the least gap; after a failure it ends nothing. */
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

/** Soon enough for people who watch; other replicas' changes wait for so long, this process' own do not. */
const INTERVAL_MS = 250;

/** However often a feed is woken, the database is asked no more often. */
const LEAST_GAP_MS = 20;

const LONGEST_WAIT_MS = 5_000;

/** Changes of one statement: about a megabyte. */
const PAGE = 2_000;
