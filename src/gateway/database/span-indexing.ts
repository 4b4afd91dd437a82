import type { ChangeLog } from "../../store/changes/change-log.js";
import { formatError } from "../format-error.js";
import type { Log } from "../log.js";

/**
 * Keeps the index of addresses close behind the log. Every gateway tries, and one at a time does the work. A failure is
 * logged once and ends nothing; the next try continues where the last step ended.
 */
export function startAddressIndex(
  changes: Pick<ChangeLog, "advanceAddressIndex">,
  log: Pick<Log, "warn" | "info">,
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  let isInTrouble = false;
  let endPause: () => void = () => undefined;
  const advance = async () => {
    try {
      let step = await changes.advanceAddressIndex();
      while (step === "more" && !stopping.signal.aborted) step = await changes.advanceAddressIndex();
      if (isInTrouble) log.info("the index of addresses follows the log again");
      isInTrouble = false;
    } catch (error) {
      if (!isInTrouble && !stopping.signal.aborted) {
        log.warn(
          { reason: formatError(error) },
          "the index of addresses does not follow the log; it is tried again",
        );
      }
      isInTrouble = true;
    }
  };
  const run = async () => {
    while (!stopping.signal.aborted) {
      await advance();
      await pause();
    }
  };
  const pause = () =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, stopping.signal.aborted ? 0 : ADVANCE_EVERY_MS);
      endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const running = run();
  return {
    stop: async () => {
      stopping.abort();
      endPause();
      await running;
    },
  };
}

/** Time between two steps. Each question reads the changes behind the index itself, so there should be few. */
const ADVANCE_EVERY_MS = 2_000;
