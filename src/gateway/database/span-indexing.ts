import type { ChangeLog } from "../../store/changes/change-log.js";
import type { Log } from "../log.js";
import { createTroubleLog } from "../trouble-log.js";

/**
 * Keeps the index of addresses close behind the log. Every gateway tries, and one at a time does the work. A failure is
 * logged once and ends nothing; the next try continues where the last step ended.
 *
 * Resolves after the first step, whether or not it failed: from then on it is known where the log stands, which
 * `changeCursor` needs.
 */
export async function startAddressIndex(
  changes: Pick<ChangeLog, "advanceAddressIndex">,
  log: Pick<Log, "warn" | "info">,
  everyMs = ADVANCE_EVERY_MS,
): Promise<{ stop(): Promise<void> }> {
  const stopping = new AbortController();
  const reportTrouble = createTroubleLog(
    log,
    "the index of addresses does not follow the log; it is tried again",
    "the index of addresses follows the log again",
  );
  let endPause: () => void = () => undefined;
  let begun: () => void = () => undefined;
  const hasBegun = new Promise<void>((resolve) => (begun = resolve));
  const advance = async () => {
    try {
      let step = await changes.advanceAddressIndex();
      begun();
      while (step === "more" && !stopping.signal.aborted) step = await changes.advanceAddressIndex();
      reportTrouble(null);
    } catch (error) {
      if (!stopping.signal.aborted) reportTrouble(error);
      begun();
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
      const timer = setTimeout(resolve, stopping.signal.aborted ? 0 : everyMs);
      endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const running = run();
  await hasBegun;
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
