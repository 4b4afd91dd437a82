import type { Refresher } from "../../refresher/refresher.js";
import type { ConfiguredHost, PolledHost, RefreshStore } from "../../store/types.js";

/** The options of the list. */
export interface HostListOptions {
  readonly store: Pick<RefreshStore, "listHosts">;
  readonly refresher: Pick<Refresher, "addHost" | "removeHost">;
  /** The hosts that this gateway's settings name. They stay on the list, whatever is stored. */
  readonly named: readonly ConfiguredHost[];
}

/** The hosts that this gateway polls: those of its settings, and those on the stored list of all gateways. */
export interface HostList {
  has(hostId: string): boolean;
  /** Returns `true` if this gateway's own settings name the host. */
  isNamed(hostId: string): boolean;
  add(host: ConfiguredHost): void;
  remove(hostId: string): Promise<void>;
  /** Reads the stored list again, which other gateways and the command line also change. */
  sync(): Promise<void>;
}

/** Creates the list of a gateway whose refresher already polls the named hosts. */
export function createHostList({ store, refresher, named }: HostListOptions): HostList {
  const namedIds = new Set(named.map((host) => host.id));
  const polled = new Set(namedIds);
  /** Counts changes by mutations, so that a sync notices that what it has read is out of date. */
  let changes = 0;

  const add = (host: ConfiguredHost, isStandby: boolean): void => {
    refresher.addHost(host, { isStandby });
    polled.add(host.id);
  };
  const remove = async (hostId: string): Promise<void> => {
    polled.delete(hostId);
    await refresher.removeHost(hostId);
  };
  /** Reads the stored list once. Returns `false` if a mutation came meanwhile: then it must be read again. */
  const follow = async (): Promise<boolean> => {
    const before = changes;
    const stored = (await store.listHosts()).filter(isOnList);
    if (changes !== before) return false;
    for (const host of stored) if (!polled.has(host.id)) add(host, host.fromSettings);
    const wanted = new Set(stored.map((host) => host.id));
    for (const hostId of [...polled]) {
      if (wanted.has(hostId) || namedIds.has(hostId)) continue;
      await remove(hostId);
      if (changes !== before) return false;
    }
    return true;
  };

  return {
    has: (hostId) => polled.has(hostId),
    isNamed: (hostId) => namedIds.has(hostId),
    add: (host) => {
      changes += 1;
      add(host, false);
    },
    remove: async (hostId) => {
      changes += 1;
      await remove(hostId);
    },
    sync: async () => {
      for (let tries = 0; tries < MOST_TRIES; tries += 1) if (await follow()) return;
    },
  };
}

/** Tells whether the host is on the list. A host that settings name without an interval is only polled on request. */
function isOnList({ fromSettings, intervalMs }: PolledHost): boolean {
  return !fromSettings || intervalMs !== null;
}

/** The most tries of one sync. With very many mutations, the next sync does it. */
const MOST_TRIES = 5;
