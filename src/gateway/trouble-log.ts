import { formatError } from "./format-error.js";
import type { Log } from "./log.js";

/** Told with an error when work fails, and with `null` when it succeeds. */
export type TroubleLog = (error: unknown) => void;

/** Creates a listener that logs one line when work begins to fail, and one when it succeeds again. */
export function createTroubleLog(log: Pick<Log, "warn" | "info">, begun: string, ended: string): TroubleLog {
  let isInTrouble = false;
  return (error) => {
    const isFailure = error !== null;
    if (isFailure === isInTrouble) return;
    isInTrouble = isFailure;
    if (isFailure) log.warn({ reason: formatError(error) }, begun);
    else log.info(ended);
  };
}
