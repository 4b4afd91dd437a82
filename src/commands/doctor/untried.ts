import { findSqlState } from "../../store/postgres/errors.js";
import type { Trial } from "./trial.js";

/** A trial that gave up, because it would have blocked a running gateway. */
export class UntriedError extends Error {
  override readonly name = "UntriedError";
}

/** The longest wait of a brief trial for a lock. It is short, because others queue behind a lock that is waited for. */
export const BRIEF_LOCK_WAIT_MS = 100;

/** The longest time that a statement of a brief trial may hold locks. */
export const BRIEF_STATEMENT_MS = 1_000;

/** Explains why a trial gave up, and what to do; `null`: it did not give up but failed. */
export function explainUntried(
  { isBrief = false }: Trial,
  error: unknown,
): { readonly reason: string; readonly mend: string } | null {
  if (error instanceof UntriedError)
    return { reason: `could not be tried: ${error.message}`, mend: "ask again in a minute" };
  if (!isBrief) return null;
  switch (findSqlState(error)) {
    case "55P03":
      return {
        reason: "could not be tried while its tables are in use",
        mend: "ask again when nobody reads them for long: see pg_stat_activity; a gateway itself tries again until it can",
      };
    case "57014":
      return {
        reason: `could not be tried within ${BRIEF_STATEMENT_MS / 1_000} s, as its tables have many rows`,
        mend: "nothing, if the role owns our tables: `vnic-graph migrate` takes its time; try it on a copy of the database to know how long",
      };
    default:
      return null;
  }
}
