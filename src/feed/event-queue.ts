import type { LoggedChange } from "../store/changes/change-log.js";
import type { GuestEvent } from "../store/changes/live/guest-event.js";
import { SlowReaderError } from "../store/changes/log-errors.js";
import type { EventPages, KeyedQuestion } from "./event-pages.js";
import type { FeedListener } from "./feed.js";

/** How many events may wait for a subscriber, and for how long. */
export interface QueueBounds {
  /** Above this number of waiting events, the subscriber must take all of them in time. A page of the log may exceed it. */
  readonly maxWaiting: number;
  /** The time in which a reader who takes events must take all of them. */
  readonly patienceMs?: number;
  /** The time after which a reader who takes no event is disconnected. */
  readonly stillMs?: number;
}

/**
 * Holds the events that one subscriber has not taken yet. No subscriber waits for another one:
 * 1. Above the bound, the feed waits for a moment, so that many pages in a row do not come faster than quick readers take
 *    them. The feed does not wait again for a subscriber that took nothing, or not all, until that one has taken all.
 * 2. Meanwhile the subscriber's own time runs. If it ends, or if far too many events wait, the subscriber is disconnected
 *    because it reads too slowly. Its waiting events are dropped: it can continue behind its last cursor.
 */
export class EventQueue implements FeedListener {
  private waiting: GuestEvent[] = [];
  /** The index of the next event in `waiting`. */
  private next = 0;
  private taken = 0;
  private failure: Error | null = null;
  private isEnded = false;
  private notify: () => void = () => undefined;
  /** The callbacks for the moment when no event waits. */
  private readonly onEmpty = new Set<() => void>();
  /** `true`: the feed waited for a moment, and the subscriber did not take all. */
  private isBehind = false;
  private isTimed = false;
  /** Resolves when all pages so far were added. Pages are added one after the other, in the order in which they came. */
  private viewing: Promise<void> = Promise.resolve();

  constructor(
    private readonly pages: EventPages,
    private readonly question: KeyedQuestion,
    private readonly bounds: QueueBounds,
    private readonly signal: AbortSignal,
    /** Called when the subscriber is disconnected. It may not see the error, because it does not read. */
    private readonly onSlow: () => void = () => undefined,
  ) {
    signal.addEventListener("abort", () => {
      this.end();
    });
  }

  /**
   * Adds the events of a page of changes. Resolves when the feed may read on, which is soon. Changes that do not concern
   * the subscriber cost next to nothing.
   */
  onChanges(changes: readonly LoggedChange[]): Promise<void> | undefined {
    if (!this.pages.mayConcern(changes, this.question)) return undefined;
    // Starts at once for all subscribers, so that they share the work.
    const viewed = this.pages.view(changes, this.question);
    this.viewing = this.viewing.then(async () => {
      try {
        this.add(await viewed);
      } catch (error) {
        this.fail(error instanceof Error ? error : new Error(String(error)));
      }
    });
    viewed.catch(() => undefined);
    return this.viewing.then(() => this.holdFeed());
  }

  onReset(error: Error): void {
    this.fail(error);
  }

  /** Takes the next event, or waits for it; `null`: the subscriber has gone. Throws the error that ended the queue. */
  async take(): Promise<GuestEvent | null> {
    while (!this.signal.aborted) {
      const event = this.waiting[this.next];
      if (event !== undefined) {
        this.next += 1;
        this.noteTaken();
        if (this.next === this.waiting.length) this.clear();
        return event;
      }
      if (this.failure !== null) throw this.failure;
      await new Promise<void>((resolve) => (this.notify = resolve));
    }
    return null;
  }

  /** Notes that the subscriber took an event from another source, and so reads. */
  noteTaken(): void {
    this.taken += 1;
  }

  /** Ends the queue, because the subscriber has gone. The feed does not wait for it any more. */
  end(): void {
    this.isEnded = true;
    this.clear();
    this.notify();
  }

  private add(events: readonly GuestEvent[]): void {
    if (events.length === 0 || this.failure !== null || this.isEnded) return;
    this.waiting.push(...events);
    this.notify();
  }

  private clear(): void {
    this.waiting = [];
    this.next = 0;
    this.isBehind = false;
    for (const resolve of this.onEmpty) resolve();
  }

  /** Makes the feed wait for a moment if too many events wait, and starts the subscriber's own time. */
  private async holdFeed(): Promise<void> {
    const { maxWaiting } = this.bounds;
    const count = this.waiting.length - this.next;
    if (count <= maxWaiting) return;
    if (count > maxWaiting + MOST_ABOVE) this.disconnect();
    if (!this.isTimed) void this.enforceTime();
    for (let heldMs = 0; heldMs < HOLD_MS && !this.isBehind && this.waiting.length > 0; heldMs += SLICE_MS) {
      const { taken } = this;
      if (await this.waitUntilEmpty(SLICE_MS)) return;
      this.isBehind = this.taken === taken;
    }
    this.isBehind = this.waiting.length > 0;
  }

  /** Disconnects the subscriber unless it takes all events in time. */
  private async enforceTime(): Promise<void> {
    const { patienceMs = PATIENCE_MS, stillMs = STILL_MS } = this.bounds;
    this.isTimed = true;
    const until = performance.now() + patienceMs;
    let { taken } = this;
    while (!(await this.waitUntilEmpty(stillMs))) {
      if (this.taken === taken || performance.now() >= until) this.disconnect();
      ({ taken } = this);
    }
    this.isTimed = false;
  }

  /** Waits until no event waits, but not longer than `ms`. Returns `true` if none waits. */
  private async waitUntilEmpty(ms: number): Promise<boolean> {
    if (this.waiting.length === 0) return true;
    await new Promise<void>((resolve) => {
      const settle = () => {
        clearTimeout(timer);
        this.onEmpty.delete(settle);
        resolve();
      };
      const timer = setTimeout(settle, ms);
      this.onEmpty.add(settle);
    });
    return this.waiting.length === 0;
  }

  private disconnect(): void {
    if (this.isEnded) return;
    this.fail(new SlowReaderError(this.bounds.maxWaiting));
    this.clear();
    this.onSlow();
  }

  private fail(error: Error): void {
    if (this.failure !== null) return;
    this.failure = error;
    this.notify();
  }
}

/** The time of a reader. One that needs longer continues behind its cursor, which costs less than waiting for it. */
const PATIENCE_MS = 5_000;

/**
 * After this time without taking an event, a reader counts as asleep. Pauses of this process or the network are shorter.
 */
const STILL_MS = 1_000;

/**
 * The longest time for which the feed waits once for one subscriber. In each slice of it the subscriber must take
 * something.
 */
const HOLD_MS = 200;
const SLICE_MS = 20;

/**
 * A subscriber with so many events above the bound is disconnected at once. Events are shared by subscribers, but the lists
 * of references to them are not.
 */
const MOST_ABOVE = 50_000;
