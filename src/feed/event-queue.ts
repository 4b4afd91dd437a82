import type { LoggedChange } from "../store/changes/change-log.js";
import type { GuestEvent } from "../store/changes/live/guest-event.js";
import { SlowReaderError } from "../store/changes/log-errors.js";
import type { EventPages, KeyedQuestion } from "./event-pages.js";
import type { FeedListener } from "./feed.js";

/** How much a subscriber may leave waiting. */
export interface QueueBounds {
  /** Events above which the subscriber has to take them all in time. A page of the log may go beyond it. */
  readonly maxWaiting: number;
  /** Time that a reader who takes events has to take all of them. */
  readonly patienceMs?: number;
  /** Time after which a reader who takes no event is cut off. */
  readonly stillMs?: number;
}

/**
 * Holds the events that one subscriber has not taken yet. Each subscriber is on its own:
 * 1. Above the bound the feed gives it a moment, so that a long row of pages comes no faster than quick readers take it. Who
 *    takes nothing, or does not take all in that moment, is not waited for again until it has.
 * 2. Meanwhile its own time runs. If it ends, the subscriber is let go, because it reads too slowly; so is one for whom too
 *    much waits. What waits is dropped then: the subscriber goes on behind its last cursor.
 */
export class EventQueue implements FeedListener {
  private waiting: GuestEvent[] = [];
  /** The place of the next event in `waiting`. */
  private next = 0;
  private taken = 0;
  private failure: Error | null = null;
  private isEnded = false;
  private notify: () => void = () => undefined;
  /** Those who wait until nothing waits here. */
  private readonly onEmpty = new Set<() => void>();
  /** The feed has given it a moment, and it did not take all. */
  private isBehind = false;
  private isJudged = false;
  /** Pages are viewed one after the other, in the order in which they came. */
  private viewing: Promise<void> = Promise.resolve();

  constructor(
    private readonly pages: EventPages,
    private readonly question: KeyedQuestion,
    private readonly bounds: QueueBounds,
    private readonly signal: AbortSignal,
    /** Called when the subscriber is let go, which it may not hear: it does not read. */
    private readonly onSlow: () => void = () => undefined,
  ) {
    signal.addEventListener("abort", () => {
      this.end();
    });
  }

  /** Resolves when the feed may read on, which is soon. Of changes that concern it in no way the subscriber costs next to nothing. */
  onChanges(changes: readonly LoggedChange[]): Promise<void> | undefined {
    if (!this.pages.concerns(changes, this.question)) return undefined;
    // Begun at once for all subscribers, so that they share the work.
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

  /** Takes the next event, or waits for it; `null`: the subscriber has gone. Throws what broke the order. */
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

  /** The subscriber took an event that did not wait here: it reads. */
  noteTaken(): void {
    this.taken += 1;
  }

  /** The subscriber has gone; the feed waits for it no more. */
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

  /** Holds the feed for a moment, if more than the bound waits, and lets the subscriber's own time run. */
  private async holdFeed(): Promise<void> {
    const { maxWaiting } = this.bounds;
    const count = this.waiting.length - this.next;
    if (count <= maxWaiting) return;
    if (count > maxWaiting + MOST_ABOVE) this.letGo();
    if (!this.isJudged) void this.judge();
    for (let heldMs = 0; heldMs < HOLD_MS && !this.isBehind && this.waiting.length > 0; heldMs += SLICE_MS) {
      const { taken } = this;
      if (await this.isEmptyWithin(SLICE_MS)) return;
      this.isBehind = this.taken === taken;
    }
    this.isBehind = this.waiting.length > 0;
  }

  /** Lets the subscriber go unless it takes all in time. */
  private async judge(): Promise<void> {
    const { patienceMs = PATIENCE_MS, stillMs = STILL_MS } = this.bounds;
    this.isJudged = true;
    const until = performance.now() + patienceMs;
    let { taken } = this;
    while (!(await this.isEmptyWithin(stillMs))) {
      if (this.taken === taken || performance.now() >= until) this.letGo();
      ({ taken } = this);
    }
    this.isJudged = false;
  }

  /** Waits until nothing waits here, so long at most. */
  private async isEmptyWithin(ms: number): Promise<boolean> {
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

  private letGo(): void {
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

/** Deadlines of readers. One that needs longer resumes behind its cursor, which costs less than waiting for it. */
const PATIENCE_MS = 5_000;

/**
 * Time without an event taken, above which a reader counts as asleep. A pause of this process or the network is shorter.
 */
const STILL_MS = 1_000;

/** Longest time that one subscriber may hold up the others once, and the part of it in which it may take nothing. */
const HOLD_MS = 200;
const SLICE_MS = 20;

/**
 * Events above the bound from which on no subscriber is waited for. Events are shared, but places in lists are not.
 */
const MOST_ABOVE = 50_000;
