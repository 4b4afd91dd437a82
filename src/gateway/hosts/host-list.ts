import type { Refresher } from "../../refresher/refresher.js";
import type { ConfiguredHost, PolledHost, RefreshStore } from "../../store/types.js";

/** What a followed list is made of. */
export interface HostListOptions {
  readonly store: Pick<RefreshStore, "listHosts">;
  readonly refresher: Pick<Refresher, "addHost" | "removeHost">;
  /** The hosts that this gateway's settings name; they stay, whatever is stored. */
  readonly named: readonly ConfiguredHost[];
}

/** The hosts that this gateway polls: those of its settings, and those on the stored list of all gateways. */
export interface HostList {
  has(hostId: string): boolean;
  /** Returns `true` if this gateway's own settings name the host. */
  isNamed(hostId: string): boolean;
  add(host: ConfiguredHost): void;
  remove(hostId: string): Promise<void>;
  /** Follows the stored list, which other gateways and the command line change too. */
  sync(): Promise<void>;
}

/** Makes the list of a gateway whose refresher polls the named hosts already. */
export function createHostList({ store, refresher, named }: HostListOptions): HostList {
  const namedIds = new Set(named.map((host) => host.id));
  const polled = new Set(namedIds);
  /** Counts changes that a mutation made, so that a sync notices that what it has read is old. */
  let changes = 0;

  const add = (host: ConfiguredHost, isStandby: boolean): void => {
    refresher.addHost(host, { isStandby });
    polled.add(host.id);
  };
  const remove = async (hostId: string): Promise<void> => {
    polled.delete(hostId);
    await refresher.removeHost(hostId);
  };
  /** Returns `false` as soon as a mutation came between: then the list is read again. */
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

/** Returns `true` if the host is on the list. One that settings name without an interval is polled on request only. */
function isOnList({ fromSettings, intervalMs }: PolledHost): boolean {
  return !fromSettings || intervalMs !== null;
}

/** Under a storm of mutations the next sync does it. */
const MOST_TRIES = 5;
