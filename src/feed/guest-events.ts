import { createFairSlots, type FairSlots } from "../model/fair-slots.js";
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

/** Sends subscribers the events that they ask for. */
export interface GuestEvents {
  /**
   * Yields the current state, unless the question has a cursor or begins now, and then every change behind it. Ends with
   * the signal.
   *
   * Throws {@link LostCursorError}, {@link MalformedCursorError}, {@link SlowReaderError}, or an error of the database.
   */
  follow(
    question: FollowQuestion,
    signal: AbortSignal,
    notices?: FollowNotices,
  ): AsyncGenerator<GuestEvent, void, undefined>;
}

/** What a subscriber's connection is informed of, besides the events. */
export interface FollowNotices {
  /** Called if the subscriber reads too slowly, because a slow reader may never read that error. */
  readonly onSlow?: () => void;
  /** Called once, when the subscriber has received all events that there are. It waits for changes from then on. */
  readonly onCurrent?: () => void;
}

/** Options of guest events. */
export interface GuestEventsOptions extends QueueBounds {
  readonly feed: Feed;
  readonly log: ChangeLog;
  /** Called before a subscriber gets what was read for it alone. Kept answers may be older than that. */
  readonly onRead?: () => void;
  /** The number of VMs of one page of the state. */
  readonly statePage?: number;
}

/** Creates the guest events of a process. */
export function createGuestEvents(options: GuestEventsOptions): GuestEvents {
  const pages = createEventPages(options.log);
  const states = createFairSlots(STATES);
  const readFirst = createFirstStates(options.log, options.statePage ?? STATE_PAGE, states);
  const catchUps = createFairSlots(CATCH_UPS);
  return {
    follow: (question, signal, notices = {}) =>
      follow({ ...options, pages, readFirst, states, catchUps }, question, signal, notices),
  };
}

interface Parts extends GuestEventsOptions {
  readonly pages: EventPages;
  readonly readFirst: ReadFirstState;
  /** A slot is taken for each page of a state. */
  readonly states: FairSlots;
  /** A slot is taken for each page that is read for one subscriber alone. */
  readonly catchUps: FairSlots;
}

/**
 * Follows the log for one subscriber, so that nothing is lost and nothing comes twice. It yields
 * 1. the state, page by page, each page with a known snapshot;
 * 2. the changes behind the cursor, from a reader of its own, without those that the state shows;
 * 3. the changes that the feed passes on from there.
 */
async function* follow(
  parts: Parts,
  { interest, scope, after, viewer }: FollowQuestion,
  signal: AbortSignal,
  { onSlow, onCurrent = () => undefined }: FollowNotices,
): AsyncGenerator<GuestEvent, void, undefined> {
  const { log, feed, pages } = parts;
  const question: KeyedQuestion = { interest, scope, key: formatQuestionKey({ interest, scope }) };
  const { vmIds } = interest;
  const asked = vmIds === null ? null : new Set(vmIds);
  // The changes of a few VMs are found by the VMs' ids, however many other changes there are.
  const readVmIds = vmIds !== null && vmIds.length <= MOST_VMS ? vmIds : null;
  const isAsked = ({ vmId }: LoggedChange) => asked === null || asked.has(vmId);
  const shown = new ShownState();
  let caughtUpTo: LogCursor | null = null;
  // Who follows from now on needs no reader: the feed finds the end of the log for all who begin at the same time.
  if (after !== NOW_CURSOR) {
    const isFromStart = after === null || after === START_CURSOR;
    const position = isFromStart
      ? yield* yieldState(parts, question, viewer, shown, signal)
      : parseCursor(after);
    if (position === null) return;
    const ownReader = log.openReader(position, { vmIds: readVmIds });
    yield* readAll(ownReader);
    caughtUpTo = ownReader.cursor;
  }
  if (signal.aborted) return;
  const queue = new EventQueue(pages, question, parts, signal, onSlow);
  const listening = await feed.listen(queue);
  try {
    if (caughtUpTo !== null) {
      const rest = log.openReader(caughtUpTo, { until: listening.from, vmIds: readVmIds });
      for await (const event of readAll(rest)) {
        yield event;
        queue.noteTaken();
      }
    }
    onCurrent();
    for (let event = await queue.take(); event !== null; event = await queue.take()) yield event;
  } finally {
    listening.end();
    queue.end();
  }

  async function* readAll(reader: LogTail): AsyncGenerator<GuestEvent, void, undefined> {
    for (let hasMore = true; hasMore && !signal.aborted;) {
      const leave = await parts.catchUps.enter(viewer, signal);
      if (leave === null) return;
      let events: readonly GuestEvent[] = [];
      try {
        const page = await reader.read(READ_PAGE);
        ({ hasMore } = page);
        // Only changes of VMs that are asked for need their versions.
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

/** Yields the state, and returns the cursor from which on the log must be read; `null`: the subscriber has gone. */
async function* yieldState(
  { log, readFirst, states, statePage = STATE_PAGE, onRead = () => undefined }: Parts,
  question: KeyedQuestion,
  viewer: string,
  shown: ShownState,
  signal: AbortSignal,
): AsyncGenerator<GuestEvent, LogCursor | null, undefined> {
  const first = await readFirst(question, viewer, signal);
  if (first === null) return null;
  onRead();
  let { page } = first;
  if (page.lastId !== null) shown.add(page);
  yield* first.events;
  while (page.lastId !== null) {
    const leave = await states.enter(viewer, signal);
    if (leave === null) return null;
    try {
      page = await log.readStatePage(question, page.lastId, statePage);
    } finally {
      leave();
    }
    onRead();
    shown.add(page);
    yield* toStateEvents(page);
  }
  return first.position;
}

/** The pages of a state that does not fit into one snapshot. */
class ShownState {
  private readonly pages: StatePage[] = [];

  get isInPages(): boolean {
    return this.pages.length > 0;
  }

  add(page: StatePage): void {
    this.pages.push({ ...page, vms: [] });
  }

  /** Returns `true` if the page that covers the VM shows the change already. */
  has({ vmId, tx }: LoggedChange): boolean {
    const page = this.pages.find(({ lastId }) => lastId === null || vmId <= lastId);
    return page !== undefined && isSeen(page.snapshot, tx);
  }
}

/** The number of changes that one statement reads while a subscriber catches up. */
const READ_PAGE = 500;

/**
 * The number of subscribers for whom the log is read at the same time. If hundreds come back at once, they do not delay the
 * others: viewers take turns.
 */
const CATCH_UPS = 3;

/**
 * The pages of states that are read at the same time. Hundreds who subscribe without a cursor, each with another filter, would
 * take all connections of readers; making events of a page takes this process as long as reading it takes the database.
 * Viewers take turns.
 */
const STATES = 2;

/** For more VMs than this, the changes of all VMs are read. */
const MOST_VMS = 100;

/** The number of VMs whose states are read in one snapshot: some megabytes. */
const STATE_PAGE = 1_000;
