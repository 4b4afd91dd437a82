import type { LoggedChange } from "../store/changes/change-log.js";
import type { GuestEvent } from "../store/changes/live/guest-event.js";
import { SlowReaderError } from "../store/changes/log-errors.js";
import type { EventPages, KeyedQuestion } from "./event-pages.js";
import type { FeedListener } from "./feed.js";

/** Holds the events that one subscriber has not taken yet; their number is bounded. */
export class EventQueue implements FeedListener {
  private events: GuestEvent[] = [];
  private failure: Error | null = null;
  private notify: () => void = () => undefined;
  /** Pages are viewed one after the other, in the order in which they came. */
  private viewing: Promise<void> = Promise.resolve();

  constructor(
    private readonly pages: EventPages,
    private readonly question: KeyedQuestion,
    private readonly maxWaiting: number,
    private readonly signal: AbortSignal,
  ) {
    signal.addEventListener("abort", () => {
      this.notify();
    });
  }

  onChanges(changes: readonly LoggedChange[]): void {
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
  }

  onReset(error: Error): void {
    this.fail(error);
  }

  /** Takes all events that wait, and waits for the first one; `null`: the subscriber has gone. Throws what broke the order. */
  async take(): Promise<readonly GuestEvent[] | null> {
    while (!this.signal.aborted) {
      if (this.events.length > 0) {
        const { events } = this;
        this.events = [];
        return events;
      }
      if (this.failure !== null) throw this.failure;
      await new Promise<void>((resolve) => (this.notify = resolve));
    }
    return null;
  }

  private add(events: readonly GuestEvent[]): void {
    if (events.length === 0 || this.failure !== null || this.signal.aborted) return;
    if (this.events.length + events.length > this.maxWaiting) {
      this.fail(new SlowReaderError(this.maxWaiting));
      return;
    }
    this.events.push(...events);
    this.notify();
  }

  private fail(error: Error): void {
    this.failure ??= error;
    this.notify();
  }
}
