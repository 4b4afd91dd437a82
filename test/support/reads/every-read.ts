import type { ReadStore } from "../../../src/store/types.js";
import { uuid } from "../builders/ids.js";

/** Lists every read of a store by its name, each as a function. The compiler finds one that is missing. */
export function listEveryRead(reads: ReadStore): {
  readonly [Name in keyof ReadStore]: () => Promise<unknown>;
} {
  const period = { from: null, to: null, after: null, limit: 1 };
  const firstRow = { after: null, limit: 1 };
  return {
    readVmsPage: () => reads.readVmsPage({ limit: 1, after: null, filter: {}, order: "ID_ASC" }),
    countVms: () => reads.countVms({}),
    readVmIds: () =>
      reads.readVmIds({ filter: {}, sort: { key: "name", descending: false }, offset: 0, limit: 1 }),
    readVmOriginsByIds: () => reads.readVmOriginsByIds([uuid(1, 1)]),
    readNamed: () => reads.readNamed("networks", null),
    readVmsByIds: () => reads.readVmsByIds([uuid(1, 1)]),
    readVmsByHosts: () => reads.readVmsByHosts([uuid(3, 1)], 1),
    readNicsByVms: () => reads.readNicsByVms([uuid(1, 1)]),
    readNicsByIds: () => reads.readNicsByIds([uuid(2, 1)]),
    readNicsByMacs: () => reads.readNicsByMacs(["56:6f:00:00:00:01"]),
    readGuestInterfacesByVms: () => reads.readGuestInterfacesByVms([uuid(1, 1)]),
    readHosts: () => reads.readHosts(),
    readHostsByIds: () => reads.readHostsByIds([uuid(3, 1)]),
    readHistoryBounds: () => reads.readHistoryBounds(),
    readVmVersionsAt: () => reads.readVmVersionsAt([uuid(1, 1)], new Date(0)),
    readVmChanges: () => reads.readVmChanges([uuid(1, 1)], period),
    readChangeMark: () => reads.readChangeMark(),
    readGuestAddresses: () => reads.readGuestAddresses({ inCidr: null, ...firstRow }),
    countGuestAddresses: () => reads.countGuestAddresses({ inCidr: null }),
    readAddressConflicts: () => reads.readAddressConflicts({ within: null, network: null, ...firstRow }),
    countAddressConflicts: () => reads.countAddressConflicts({ within: null, network: null }),
    readMacConflicts: () => reads.readMacConflicts(firstRow),
    countMacConflicts: () => reads.countMacConflicts(),
    readDrift: () => reads.readDrift({ kinds: null, ...firstRow }),
    countDrift: () => reads.countDrift({ kinds: null }),
    readNetworkStats: () => reads.readNetworkStats({ filter: {}, by: "HOST" }),
    readAddressSpans: () => reads.readAddressSpans({ address: "10.1.2.3", macAddress: null, ...period }),
    readChangeCursor: () => reads.readChangeCursor(),
  };
}
