import type { Readiness } from "../server/options.js";
import type { ReadinessStore } from "../store/types.js";

/**
 * Ready: the database answers and every host was tried. Whether a host answers does not matter; that is what stale data is
 * for. A database that fails or hangs is the server's to tell (server/health.ts).
 */
export async function checkReadiness(store: ReadinessStore | null): Promise<Readiness> {
  if (store === null) return { ready: false, reasons: ["the database has not answered yet"] };
  return (await store.everyHostTried())
    ? { ready: true, reasons: [] }
    : { ready: false, reasons: ["not every host has been tried yet"] };
}
