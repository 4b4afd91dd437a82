import type { ChangeLog, LogCursor, StatePage } from "../store/changes/change-log.js";
import { formatCursor } from "../store/changes/cursor.js";
import { START_CURSOR, type GuestEvent } from "../store/changes/live/guest-event.js";
import type { KeyedQuestion } from "./event-pages.js";
import { shareNext, type SharedRun } from "./share-next.js";

/** With what a subscription without a cursor begins. */
export interface FirstState {
  readonly page: StatePage;
  /** The same events for all who share it, so that who answers them may share the answers. */
  readonly events: readonly GuestEvent[];
  /** From where on the log has to be read. */
  readonly position: LogCursor;
}

/**
 * Reads the beginning of the state that is an answer to a question. Those who ask the same at the same time share the
 * reading.
 */
export type ReadFirstState = (question: KeyedQuestion) => Promise<FirstState>;

/** Creates the function that reads it, for one process. */
export function createFirstStates(log: ChangeLog, statePage: number): ReadFirstState {
  const runs = new Map<string, SharedRun<FirstState>>();
  return async (question) => {
    const run = runs.get(question.key) ?? shareNext(() => readFirstState(log, question, statePage));
    runs.set(question.key, run);
    try {
      return await run();
    } finally {
      if (run.isIdle() && runs.get(question.key) === run) runs.delete(question.key);
    }
  };
}

/** Makes events of a page of the state. Who stops before the state was sent whole has to begin with it again. */
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
  // One snapshot shows it all, and is where to go on. The mark of a later end of the log keeps its numbers.
  const { lastTx } = (await log.openTail()).cursor;
  const position: LogCursor = { ...before, seen: page.snapshot, batch: null, lastTx };
  const last = events.pop();
  if (last !== undefined) events.push({ ...last, cursor: formatCursor(position) });
  return { page, events, position };
}
