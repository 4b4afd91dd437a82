import type { HostClaim, RefreshStore, StoredVm } from "../../src/store/types.js";

/** Creates a store that costs nothing and stores nothing, so that only the pass's own work is measured. */
export function createInstantStore(): RefreshStore {
  const epochs = new Map<string, bigint>();
  return {
    registerHosts: () => Promise.resolve([]),
    renewRegistration: () => Promise.resolve(true),
    endRegistration: () => Promise.resolve(),
    reconcileHosts: () => Promise.resolve([]),
    releaseClaim: () => Promise.resolve(),
    addHost: () => Promise.resolve(),
    removeHost: () => Promise.resolve(true),
    listHosts: () => Promise.resolve([]),
    listFailingHosts: () => Promise.resolve([]),
    renameHost: () => Promise.resolve(),
    claim: (hostId): Promise<HostClaim> => {
      const epoch = (epochs.get(hostId) ?? 0n) + 1n;
      epochs.set(hostId, epoch);
      return Promise.resolve({ hostId, epoch });
    },
    readHostVms: () => Promise.resolve<StoredVm[]>([]),
    readNicHolders: () => Promise.resolve(new Map<string, string>()),
    readVms: () => Promise.resolve<StoredVm[]>([]),
    apply: () => Promise.resolve(true),
    fail: () => Promise.resolve(true),
  };
}
