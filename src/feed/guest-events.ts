import { createSlots, type Slots } from "../model/slots.js";
import type { ChangeLog, LogCursor, LogTail, LoggedChange, StatePage } from "../store/changes/change-log.js";
import { parseCursor } from "../store/changes/cursor.js";
import {
  NOW_CURSOR,
  START_CURSOR,
  type FollowQuestion,
  type GuestEvent,
} from "../store/changes/live/guest-event.js";
import { isSeen } from "../store/changes/snapshot.js";
import { createEventPages, formatQuestionKey, type EventPages, type KeyedQuestion } from "./event-pages.js";
import { EventQueue, type QueueBounds } from "./event-queue.js";
import type { Feed } from "./feed.js";
import { createFirstStates, toStateEvents, type ReadFirstState } from "./first-state.js";

/** Tells subscribers what they ask for. */
export interface GuestEvents {
  /**
   * Tells the current state, unless the question has a cursor or begins now, and then every change behind it; ends with the signal.
   * Throws {@link LostCursorError}, {@link MalformedCursorError}, {@link SlowReaderError}, or what the database says. Who
   * reads slowly may not come to that error: `onSlow` is called then.
   */
  follow(
    question: FollowQuestion,
    signal: AbortSignal,
    onSlow?: () => void,
  ): AsyncGenerator<GuestEvent, void, undefined>;
}

/** What guest events are made of. */
export interface GuestEventsOptions extends QueueBounds {
  readonly feed: Feed;
  readonly log: ChangeLog;
  /** Called before a subscriber is told what was read for it alone. Answers that are kept may be older than that. */
  readonly onRead?: () => void;
  /** VMs of one page of the state. */
  readonly statePage?: number;
}

/** Creates the guest events of a process. */
export function createGuestEvents(options: GuestEventsOptions): GuestEvents {
  const pages = createEventPages(options.log);
  const readFirst = createFirstStates(options.log, options.statePage ?? STATE_PAGE);
  const catchUps = createSlots(CATCH_UPS);
  return {
    follow: (question, signal, onSlow) =>
      follow({ ...options, pages, readFirst, catchUps }, question, signal, onSlow),
  };
}

interface Parts extends GuestEventsOptions {
  readonly pages: EventPages;
  readonly readFirst: ReadFirstState;
  /** Taken for each page that is read for one subscriber alone. */
  readonly catchUps: Slots;
}

/**
 * Follows the log for one subscriber, so that nothing is lost and nothing comes twice:
 * 1. the state, page by page, each of a snapshot that is known;
 * 2. what is in the log behind the cursor, by a reader of the subscriber's own, without what the state has shown;
 * 3. what the feed tells from there on.
 */
async function* follow(
  parts: Parts,
  { interest, scope, after }: FollowQuestion,
  signal: AbortSignal,
  onSlow?: () => void,
): AsyncGenerator<GuestEvent, void, undefined> {
  const { log, feed, pages } = parts;
  const question: KeyedQuestion = { interest, scope, key: formatQuestionKey({ interest, scope }) };
  const { vmIds } = interest;
  const asked = vmIds === null ? null : new Set(vmIds);
  // The changes of few VMs are found by them, however many others there are.
  const readVmIds = vmIds !== null && vmIds.length <= MOST_VMS ? vmIds : null;
  const isAsked = ({ vmId }: LoggedChange) => asked === null || asked.has(vmId);
  const shown = new ShownState();
  let position: LogCursor;
  if (after === null || after === START_CURSOR) {
    position = yield* tellState(parts, question, shown, signal);
  } else {
    position = after === NOW_CURSOR ? (await log.openTail()).cursor : parseCursor(after);
  }
  const ownReader = log.openReader(position, { vmIds: readVmIds });
  yield* readAll(ownReader);
  if (signal.aborted) return;
  const queue = new EventQueue(pages, question, parts, signal, onSlow);
  const listening = await feed.listen(queue);
  try {
    for await (const event of readAll(
      log.openReader(ownReader.cursor, { until: listening.from, vmIds: readVmIds }),
    )) {
      yield event;
      queue.noteTaken();
    }
    for (let event = await queue.take(); event !== null; event = await queue.take()) yield event;
  } finally {
    listening.end();
    queue.end();
  }

  async function* readAll(reader: LogTail): AsyncGenerator<GuestEvent, void, undefined> {
    for (let hasMore = true; hasMore && !signal.aborted;) {
      const leave = await parts.catchUps.enter();
      let events: readonly GuestEvent[] = [];
      try {
        const page = await reader.read(READ_PAGE);
        ({ hasMore } = page);
        // Both sides of a change are read only for the VMs that are asked for.
        const fresh = page.changes.filter((change) => isAsked(change) && !shown.has(change));
        if (fresh.length > 0) {
          parts.onRead?.();
          events = await pages.view(fresh, question);
        }
      } finally {
        leave();
      }
      yield* shown.isInPages ? events.map((event) => ({ ...event, cursor: START_CURSOR })) : events;
    }
  }
}

/** Tells the state, and returns the cursor from which on the log has to be read. */
async function* tellState(
  { log, readFirst, statePage = STATE_PAGE, onRead = () => undefined }: Parts,
  question: KeyedQuestion,
  shown: ShownState,
  signal: AbortSignal,
): AsyncGenerator<GuestEvent, LogCursor, undefined> {
  const first = await readFirst(question);
  onRead();
  let { page } = first;
  if (page.lastId !== null) shown.add(page);
  yield* first.events;
  while (page.lastId !== null && !signal.aborted) {
    page = await log.readStatePage(question, page.lastId, statePage);
    onRead();
    shown.add(page);
    yield* toStateEvents(page);
  }
  return first.position;
}

/** The pages of a state that is too long for one snapshot. */
class ShownState {
  private readonly pages: StatePage[] = [];

  get isInPages(): boolean {
    return this.pages.length > 0;
  }

  add(page: StatePage): void {
    this.pages.push({ ...page, vms: [] });
  }

  /** `true` if the page that is about the VM shows the change. */
  has({ vmId, tx }: LoggedChange): boolean {
    const page = this.pages.find(({ lastId }) => lastId === null || vmId <= lastId);
    return page !== undefined && isSeen(page.snapshot, tx);
  }
}

/** Changes of one statement while a subscriber catches up. */
const READ_PAGE = 500;

/** Subscribers for whom the log is read at the same time. Of hundreds that come back at once, none delays those who are there. */
const CATCH_UPS = 3;

/** Of more VMs than this, all changes are read. */
const MOST_VMS = 100;

/** States of so many VMs are read in one snapshot; they are some megabytes. */
const STATE_PAGE = 1_000;
