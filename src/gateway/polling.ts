import type { Config } from "../config.js";
import { createGraphError } from "../graph/errors.js";
import type { HostAdmin } from "../graph/context.js";
import type { HostPool } from "./host-pool.js";
import { createConfiguredHost } from "./host-ids.js";
import type { Log } from "./log.js";
import type { Metrics } from "./metrics.js";
import type { Load } from "../refresher/schedule/slots.js";
import { startRefresher } from "../refresher/refresher.js";
import type { Replicas } from "./replicas.js";
import { SettingValueError, parseHostAddress } from "../config/setting-types.js";
import type { ConfiguredHost, Store } from "../store/types.js";
import { formatError } from "./format-error.js";

/** What polling is started with. */
export interface PollingOptions {
  readonly config: Config;
  readonly log: Log;
  readonly pool: HostPool;
  readonly store: Store;
  readonly replicas: Replicas;
  readonly metrics: Pick<Metrics, "onPass">;
}

/** The write side of a gateway: hosts are polled, and the list of hosts can change. */
export interface Polling {
  readonly admin: HostAdmin;
  /** Follows the stored list of hosts, which other replicas and the command line change too. */
  sync(): Promise<void>;
  /** Passes of this process at this moment. */
  load(): Load;
  stop(): Promise<void>;
}

/** Starts to poll; `null` where no host can be spoken to, for want of certificates. */
export async function startPolling({
  config,
  log,
  pool,
  store,
  replicas,
  metrics,
}: PollingOptions): Promise<Polling | null> {
  const { clientFor, named } = pool;
  if (clientFor === null) {
    log.warn("no host is polled here: set VDSM_CA_FILE, VDSM_CERT_FILE and VDSM_KEY_FILE, or VDSM_TLS=off");
    return null;
  }
  const refresher = startRefresher({
    store,
    clientFor,
    hosts: named ?? [],
    intervalMs: config.refreshIntervalMs,
    concurrency: config.refreshConcurrency,
    ignoreNames: config.guestNicIgnore,
    startSchedule: replicas.startSchedule,
    log,
    onPass: (result) => {
      metrics.onPass(result);
    },
  });
  // Before anything can be ready: while no host is known, every host would count as tried.
  await refresher.registered;
  const polled = new Set((named ?? []).map((host) => host.id));
  // Settings win over what another replica did to the list.
  const isNamed = (hostId: string) => named?.some((host) => host.id === hostId) === true;

  const add = (host: ConfiguredHost) => {
    refresher.addHost(host);
    polled.add(host.id);
  };
  const drop = async (hostId: string) => {
    await refresher.removeHost(hostId);
    polled.delete(hostId);
  };
  const sync = async () => {
    const stored = await store.listHosts();
    const wanted = new Set(stored.map((host) => host.id));
    for (const host of stored) if (!polled.has(host.id)) add(host);
    for (const hostId of [...polled]) if (!wanted.has(hostId) && !isNamed(hostId)) await drop(hostId);
  };
  const syncQuietly = () =>
    sync().catch((error: unknown) => {
      log.debug({ reason: formatError(error) }, "list of hosts not read");
    });
  const timer = setInterval(() => void syncQuietly(), SYNC_EVERY_MS);
  await syncQuietly();

  const admin: HostAdmin = {
    refreshHost: async (hostId) => {
      if (!polled.has(hostId)) throw createGraphError("BAD_USER_INPUT", `host ${hostId} is not polled here`);
      await refresher.refreshHost(hostId);
    },
    addHost: async (address) => {
      const host = createConfiguredHost(addressOf(address));
      await store.addHost(host, config.refreshIntervalMs);
      add(host);
      return host.id;
    },
    removeHost: async (hostId) => {
      if (isNamed(hostId)) {
        throw createGraphError(
          "BAD_USER_INPUT",
          `host ${hostId} is named by VDSM_HOSTS; take it out of that setting`,
        );
      }
      if (!(await store.removeHost(hostId))) {
        throw createGraphError("BAD_USER_INPUT", `host ${hostId} is not polled`);
      }
      await drop(hostId);
    },
  };
  return {
    admin,
    sync: syncQuietly,
    load: () => refresher.load,
    stop: async () => {
      clearInterval(timer);
      await refresher.stop();
    },
  };
}

/** How soon a replica notices a host that was added or removed elsewhere. */
const SYNC_EVERY_MS = 15_000;

function addressOf(address: string) {
  try {
    return parseHostAddress(address);
  } catch (error) {
    if (error instanceof SettingValueError)
      throw createGraphError("BAD_USER_INPUT", `address must be ${error.against(address)}`);
    throw error;
  }
}
