import type { FairSlots } from "../model/fair-slots.js";
import type { ChangeLog, LogCursor, StatePage } from "../store/changes/change-log.js";
import { formatCursor } from "../store/changes/cursor.js";
import { START_CURSOR, type GuestEvent } from "../store/changes/live/guest-event.js";
import type { KeyedQuestion } from "./event-pages.js";
import { shareSlot, type SharedSlot } from "./share-slot.js";

/** The beginning of a subscription without a cursor. */
export interface FirstState {
  readonly page: StatePage;
  /**
   * The events of the page. Subscribers who share the state get the same objects, so that their answers can be shared, too.
   */
  readonly events: readonly GuestEvent[];
  /** The cursor from which on the log must be read. */
  readonly position: LogCursor;
}

/**
 * Reads the first page of the state for a question of a viewer; `null`: the signal ended the wait. Subscribers that ask the
 * same at the same time share the read.
 */
export type ReadFirstState = (
  question: KeyedQuestion,
  viewer: string,
  signal: AbortSignal,
) => Promise<FirstState | null>;

/** Creates the function that reads first states in a process. */
export function createFirstStates(log: ChangeLog, statePage: number, slots: FairSlots): ReadFirstState {
  const reads = new Map<string, SharedSlot<FirstState>>();
  const createRead = (question: KeyedQuestion): SharedSlot<FirstState> =>
    shareSlot(
      slots,
      () => readFirstState(log, question, statePage),
      () => reads.delete(question.key),
    );
  return (question, viewer, signal) => {
    const read = reads.get(question.key) ?? createRead(question);
    reads.set(question.key, read);
    return read(viewer, signal);
  };
}

/**
 * Converts a page of the state into events. A client that stops before the state is complete must begin with the state
 * again.
 */
export function toStateEvents({ vms, at }: StatePage): GuestEvent[] {
  return vms.map((vm) => ({
    kind: "STATE",
    cursor: START_CURSOR,
    at,
    vmId: vm.id,
    before: null,
    after: vm,
  }));
}

async function readFirstState(
  log: ChangeLog,
  question: KeyedQuestion,
  statePage: number,
): Promise<FirstState> {
  const before = (await log.openTail()).cursor;
  const page = await log.readStatePage(question, null, statePage);
  const events = toStateEvents(page);
  if (page.lastId !== null) return { page, events, position: before };
  // One snapshot shows the complete state, and the log continues behind it. The mark of this later end of the log makes
  // sure that the snapshot's numbers are not used again.
  const { lastTx } = (await log.openTail()).cursor;
  const position: LogCursor = { ...before, seen: page.snapshot, batch: null, lastTx };
  const last = events.pop();
  if (last !== undefined) events.push({ ...last, cursor: formatCursor(position) });
  return { page, events, position };
}
