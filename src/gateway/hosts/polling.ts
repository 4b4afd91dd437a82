import type { Config } from "../../config.js";
import { createGraphError } from "../../graph/errors.js";
import type { HostAdmin } from "../../graph/context.js";
import { createHostList, type HostList } from "./host-list.js";
import type { HostPool } from "./host-pool.js";
import { createConfiguredHost } from "./host-ids.js";
import type { Log } from "../log.js";
import type { Metrics } from "../serving/metrics.js";
import type { Load } from "../../refresher/schedule/slots.js";
import { PASS_TIMEOUT_MS } from "../../refresher/pass.js";
import { startRefresher, type Refresher } from "../../refresher/refresher.js";
import type { Replicas } from "./replicas.js";
import { SettingValueError, parseHostAddress } from "../../config/setting-types.js";
import type { Store } from "../../store/types.js";
import { formatError } from "../format-error.js";

/** The options of polling. */
export interface PollingOptions {
  readonly config: Config;
  readonly log: Log;
  readonly pool: HostPool;
  readonly store: Store;
  readonly replicas: Replicas;
  readonly metrics: Pick<Metrics, "onPass">;
}

/** The write side of a gateway: it polls hosts, and changes the list of hosts. */
export interface Polling {
  readonly admin: HostAdmin;
  /** Reads the stored list of hosts again, which other replicas and the command line also change. */
  sync(): Promise<void>;
  /** Returns how many passes of this process run and wait now. */
  load(): Load;
  /** Tells whether every host of the settings was asked since the start, or an interval has passed. */
  isFirstRoundOver(): boolean;
  /** `true`: the settings name hosts, and this gateway polls them at intervals. */
  readonly pollsNamedHosts: boolean;
  stop(): Promise<void>;
}

/** Starts to poll. Gives `null` if certificates are missing, so that no host can be asked. */
export async function startPolling({
  config,
  log,
  pool,
  store,
  replicas,
  metrics,
}: PollingOptions): Promise<Polling | null> {
  const { createClient, named } = pool;
  if (createClient === null) {
    log.warn(
      "no host is polled here: set VDSM_HOSTS, with VDSM_CA_FILE, VDSM_CERT_FILE and VDSM_KEY_FILE, or VDSM_TLS=off",
    );
    return null;
  }
  const refresher = startRefresher({
    store,
    createClient,
    hosts: named ?? [],
    intervalMs: config.refreshIntervalMs,
    concurrency: config.refreshConcurrency,
    passTimeoutMs: Math.max(PASS_TIMEOUT_MS, CALLS_OF_A_SLOW_PASS * config.vdsmTimeoutMs),
    ignoreNames: config.guestNicIgnore,
    guestLimits: config.guestLimits,
    startSchedule: replicas.startSchedule,
    log,
    onPass: (result) => {
      metrics.onPass(result);
    },
  });
  // Readiness waits for this, so that it knows the hosts from the first moment.
  await refresher.registered;
  const hosts = createHostList({ store, refresher, named: named ?? [] });
  const syncQuietly = () =>
    hosts.sync().catch((error: unknown) => {
      log.debug({ reason: formatError(error) }, "list of hosts not read");
    });
  const timer = setInterval(() => void syncQuietly(), SYNC_EVERY_MS);
  await syncQuietly();
  return {
    admin: createHostAdmin(store, refresher, hosts, config.refreshIntervalMs),
    sync: syncQuietly,
    load: () => refresher.load,
    isFirstRoundOver: createFirstRoundCheck(refresher, config.refreshIntervalMs),
    pollsNamedHosts: config.refreshIntervalMs !== null && (named ?? []).length > 0,
    stop: async () => {
      clearInterval(timer);
      await refresher.stop();
    },
  };
}

/** Creates the mutations of this gateway's graph. */
function createHostAdmin(
  store: Store,
  refresher: Refresher,
  hosts: HostList,
  intervalMs: number | null,
): HostAdmin {
  return {
    refreshHost: async (hostId, signal) => {
      if (!hosts.has(hostId)) {
        throw createGraphError("BAD_USER_INPUT", `host ${hostId} is not polled here`);
      }
      await refresher.refreshHost(hostId, signal);
    },
    addHost: async (address) => {
      const host = createConfiguredHost(parseAddress(address));
      await store.addHost(host, intervalMs);
      hosts.add(host);
      return host.id;
    },
    removeHost: async (hostId) => {
      await refuseNamed(hostId, store, hosts);
      if (!(await store.removeHost(hostId))) {
        throw createGraphError("BAD_USER_INPUT", `host ${hostId} is not polled`);
      }
      await hosts.remove(hostId);
    },
  };
}

/** Refuses to remove a host that a gateway's settings name, since that gateway would add it again at once. */
async function refuseNamed(hostId: string, store: Store, hosts: HostList): Promise<void> {
  const isNamed =
    hosts.isNamed(hostId) ||
    (await store.listHosts()).some(({ id, fromSettings }) => id === hostId && fromSettings);
  if (!isNamed) return;
  throw createGraphError(
    "BAD_USER_INPUT",
    `host ${hostId} is named by VDSM_HOSTS; take it out of that setting`,
  );
}

/**
 * Creates a check that is `true` after the first passes, or after one interval. So hosts that hang do not keep us
 * unready.
 */
function createFirstRoundCheck(refresher: Refresher, intervalMs: number | null): () => boolean {
  let isOver = intervalMs === null;
  const end = () => {
    clearTimeout(timer);
    isOver = true;
  };
  const timer = setTimeout(end, intervalMs ?? 0);
  timer.unref();
  void refresher.firstRound.then(end);
  return () => isOver;
}

/**
 * The number of calls with full deadlines that a slow pass may take. A host that takes as long is slow, but does not
 * hang.
 */
const CALLS_OF_A_SLOW_PASS = 4;

/** The time in which a replica notices a host that was added or removed elsewhere. */
const SYNC_EVERY_MS = 15_000;

function parseAddress(address: string) {
  try {
    return parseHostAddress(address);
  } catch (error) {
    if (error instanceof SettingValueError)
      throw createGraphError("BAD_USER_INPUT", `address must be ${error.checkAgainst(address)}`);
    throw error;
  }
}
