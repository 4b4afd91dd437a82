import type { ChangeLog, LogCursor, StatePage } from "../store/changes/change-log.js";
import { formatCursor } from "../store/changes/cursor.js";
import { START_CURSOR, type GuestEvent } from "../store/changes/live/guest-event.js";
import type { KeyedQuestion } from "./event-pages.js";
import { shareNext, type SharedRun } from "./share-next.js";

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
 * Reads the first page of the state for a question; `null`: whoever asked has gone. Subscribers that ask the same at the
 * same time share the read.
 */
export type ReadFirstState = (question: KeyedQuestion, signal: AbortSignal) => Promise<FirstState | null>;

/** Reads something while it has one of a few slots; `null`: nobody wants it any more. */
export type ReadInSlot = <Result>(
  isWanted: () => boolean,
  read: () => Promise<Result>,
) => Promise<Result | null>;

/** Creates the function that reads first states in a process. */
export function createFirstStates(log: ChangeLog, statePage: number, readInSlot: ReadInSlot): ReadFirstState {
  const runs = new Map<string, FirstStateRun>();
  const createRun = (question: KeyedQuestion): FirstStateRun => {
    const askers = new Set<AbortSignal>();
    const isWanted = (): boolean => [...askers].some(({ aborted }) => !aborted);
    const read = () => readFirstState(log, question, statePage);
    return { askers, read: shareNext(() => readInSlot(isWanted, read)) };
  };
  return async (question, signal) => {
    const run = runs.get(question.key) ?? createRun(question);
    runs.set(question.key, run);
    run.askers.add(signal);
    try {
      return await run.read();
    } finally {
      run.askers.delete(signal);
      if (run.read.isIdle() && runs.get(question.key) === run) runs.delete(question.key);
    }
  };
}

interface FirstStateRun {
  readonly askers: Set<AbortSignal>;
  readonly read: SharedRun<FirstState | null>;
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
