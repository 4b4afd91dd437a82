import { DatabaseUnavailableError } from "../../store/postgres/errors.js";
import type { Readiness } from "../../server/options.js";
import type { PollingState, ReadinessStore } from "../../store/types.js";
import type { Polling } from "../hosts/polling.js";

/** What the check of readiness needs. */
export interface ReadinessSources {
  /** The reads for readiness, on a connection of their own. */
  readonly health: ReadinessStore;
  /** `null`: this gateway polls no hosts. */
  readonly polling: Pick<Polling, "isFirstRoundOver" | "pollsNamedHosts"> | null;
}

/**
 * Checks whether the gateway is ready for queries. Ready means:
 * 1. The database answers. If it says why it cannot, that is the reason; if it fails otherwise or hangs, the server reports
 *    that (server/routes/health.ts).
 * 2. The hosts of the settings are registered there, and every host was tried once since the database was made. A
 *    database that refuses all writes from the beginning leaves nothing to serve.
 * 3. After a start, the data are fresh, or the first passes have ended. That takes an interval at most.
 *
 * It does not matter whether a host answers: its VMs are served as stale, and a warning says so.
 */
export async function checkReadiness(sources: ReadinessSources | null): Promise<Readiness> {
  if (sources === null) return refuse("the database has not answered yet");
  const state = await sources.health.readPollingState().catch(findCondition);
  if (typeof state === "string") return refuse(`the database ${state}`);
  if (state.hosts === 0 && sources.polling?.pollsNamedHosts === true)
    return refuse("the hosts of the settings are not stored yet");
  if (state.untried > 0) return refuse("not every host has been tried yet");
  const isStarting = sources.polling !== null && !sources.polling.isFirstRoundOver();
  if (isStarting && state.stale > 0) return refuse("not every host has been asked since the start");
  return { ready: true, reasons: [], warnings: listWarnings(state) };
}

function findCondition(error: unknown): string {
  if (error instanceof DatabaseUnavailableError) return error.condition;
  throw error;
}

function refuse(reason: string): Readiness {
  return { ready: false, reasons: [reason] };
}

function listWarnings({ hosts, stale, unpolled }: PollingState): string[] {
  return [
    ...(stale > 0 ? [`stale: the last report of ${stale} of ${hosts} hosts is older than it should be`] : []),
    ...(unpolled > 0 ? [`no running gateway polls ${unpolled} of ${hosts} hosts`] : []),
  ];
}
