import type { ReadStore } from "../store/types.js";

/** The same reads, each of which asks first whether it is still wanted; `check` throws when the time is up. */
export function stoppable(store: ReadStore, check: () => void): ReadStore {
  const unless = <Arguments extends unknown[], Answer>(
    read: (...args: Arguments) => Promise<Answer>,
  ): ((...args: Arguments) => Promise<Answer>) => {
    // Asynchronous, so that what is thrown is a rejection, as every other failure of a read.
    return async (...args) => {
      check();
      return read(...args);
    };
  };
  return {
    vmsPage: unless((page) => store.vmsPage(page)),
    countVms: unless((filter) => store.countVms(filter)),
    vmsByIds: unless((ids) => store.vmsByIds(ids)),
    vmsByHosts: unless((hostIds, limitPerHost) => store.vmsByHosts(hostIds, limitPerHost)),
    nicsByVms: unless((vmIds) => store.nicsByVms(vmIds)),
    nicsByIds: unless((ids) => store.nicsByIds(ids)),
    nicsByMacs: unless((macs) => store.nicsByMacs(macs)),
    guestInterfacesByVms: unless((vmIds) => store.guestInterfacesByVms(vmIds)),
    hosts: unless(() => store.hosts()),
    hostsByIds: unless((ids) => store.hostsByIds(ids)),
    ping: unless(() => store.ping()),
    everyHostTried: unless(() => store.everyHostTried()),
  };
}
