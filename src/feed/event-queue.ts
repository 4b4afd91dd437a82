import type { LoggedChange } from "../store/changes/change-log.js";
import type { GuestEvent } from "../store/changes/live/guest-event.js";
import { SlowReaderError } from "../store/changes/log-errors.js";
import type { EventPages, KeyedQuestion } from "./event-pages.js";
import type { FeedListener } from "./feed.js";

/** How much a subscriber may leave waiting. */
export interface QueueBounds {
  /** Events above which the feed waits for the subscriber; a page of the log may go beyond it. */
  readonly maxWaiting: number;
  /** So long the feed waits for a subscriber who takes events, until all of them are taken. */
  readonly patienceMs?: number;
  /** So long it waits for one who takes none. */
  readonly stillMs?: number;
}

/**
 * Holds the events that one subscriber has not taken yet. Where a page of the log makes them more than the bound, the feed
 * reads on only when the subscriber has taken them all, or was let go because it reads too slowly. So a quick reader is never
 * let go for the size of a page, and nobody holds up the others for longer than the patience.
 */
export class EventQueue implements FeedListener {
  private waiting: GuestEvent[] = [];
  /** The place of the next event in `waiting`. */
  private next = 0;
  private taken = 0;
  private failure: Error | null = null;
  private isEnded = false;
  private notify: () => void = () => undefined;
  /** Lets the feed read on. */
  private endHold: () => void = () => undefined;
  /** Pages are viewed one after the other, in the order in which they came. */
  private viewing: Promise<void> = Promise.resolve();

  constructor(
    private readonly pages: EventPages,
    private readonly question: KeyedQuestion,
    private readonly bounds: QueueBounds,
    private readonly signal: AbortSignal,
  ) {
    signal.addEventListener("abort", () => {
      this.end();
    });
  }

  /** Resolves when the feed may read on. */
  onChanges(changes: readonly LoggedChange[]): Promise<void> {
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
    this.endHold();
  }

  /** Holds the feed until all is taken, if more than the bound waits. Who does not take it in time is let go. */
  private async holdFeed(): Promise<void> {
    const { maxWaiting, patienceMs = PATIENCE_MS, stillMs = STILL_MS } = this.bounds;
    if (this.waiting.length - this.next <= maxWaiting) return;
    const until = performance.now() + patienceMs;
    let taken = this.taken;
    while (await this.waitWhileFull(stillMs)) {
      if (this.taken === taken || performance.now() >= until) {
        this.fail(new SlowReaderError(maxWaiting));
        return;
      }
      ({ taken } = this);
    }
  }

  /** Waits until all is taken, so long at most; `false`: nothing waits any more. */
  private async waitWhileFull(ms: number): Promise<boolean> {
    if (this.waiting.length === 0) return false;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.endHold = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.endHold = () => undefined;
    return this.waiting.length > 0;
  }

  private fail(error: Error): void {
    if (this.failure !== null) return;
    this.failure = error;
    this.notify();
    this.endHold();
  }
}

/** A reader who needs longer than this for what it has left waiting holds up all others. */
const PATIENCE_MS = 5_000;

/** Long enough for a pause of this process or of the network; a reader who has gone to sleep takes nothing for longer. */
const STILL_MS = 1_000;
