import type { FleetCounts } from "../../graph/estimates/fleet-counts.js";
import type { Log } from "../log.js";

/**
 * How long counts are used. If counting takes long they are used longer, so that it takes at most a two-hundredth of
 * the time.
 */
const KEPT_MS = 30_000;
const KEPT_TIMES_DURATION = 200;

/**
 * Creates the function that returns the sizes of the database's lists. It counts anew when somebody asks and the last
 * counts are old, and never waits: until the new ones are there it returns the old ones, and `null` before the first.
 */
export function createListCounts(
  read: () => Promise<FleetCounts> | null,
  log: Log,
): () => FleetCounts | null {
  let counts: FleetCounts | null = null;
  let isReading = false;
  let goodUntil = 0;

  const refresh = async (reading: Promise<FleetCounts>): Promise<void> => {
    const startedAt = performance.now();
    try {
      counts = await reading;
    } catch (error) {
      log.debug({ err: error }, "lists not counted, the old counts stay");
    } finally {
      const now = performance.now();
      goodUntil = now + Math.max(KEPT_MS, (now - startedAt) * KEPT_TIMES_DURATION);
      isReading = false;
    }
  };

  return () => {
    if (isReading || performance.now() < goodUntil) return counts;
    const reading = read();
    if (reading !== null) {
      isReading = true;
      void refresh(reading);
    }
    return counts;
  };
}
