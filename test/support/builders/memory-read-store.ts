import type { GuestInterface, HostRow, Nic, ReadStore, VmFilter, VmRow } from "../../../src/store/types.js";

/**
 * A ReadStore over plain lists, for tests of the graph. `calls` has the name of every read. It shares nothing with the
 * store in memory for passes: that one has VMs as passes compare them, this one rows as readers see them, and no test
 * needs both.
 */
export interface MemoryReadStore extends ReadStore {
  readonly vms: VmRow[];
  readonly nics: Nic[];
  readonly interfaces: GuestInterface[];
  readonly hostRows: HostRow[];
  readonly calls: string[];
  readonly asked: unknown[];
}

export function createMemoryReadStore(): MemoryReadStore {
  const [vms, nics, interfaces, hostRows]: [VmRow[], Nic[], GuestInterface[], HostRow[]] = [[], [], [], []];
  const calls: string[] = [];
  const asked: unknown[] = [];
  const read = <T>(name: string, question: unknown, rows: () => T): Promise<T> => {
    calls.push(name);
    asked.push(question);
    return Promise.resolve(rows());
  };
  return {
    vms,
    nics,
    interfaces,
    hostRows,
    calls,
    asked,
    readVmsPage: (page) =>
      read("readVmsPage", page, () => {
        const sign = page.order === "NAME_DESC" ? -1 : 1;
        const place = (vm: { name: string; id: string }) =>
          page.order === "ID_ASC" ? vm.id : `${vm.name}\n${vm.id}`;
        const after = page.after;
        return found(vms, page.filter)
          .filter(
            (vm) => after === null || (sign === 1 ? place(vm) > place(after) : place(vm) < place(after)),
          )
          .sort((left, right) => (place(left) < place(right) ? -sign : sign))
          .slice(0, page.limit);
      }),
    readVmIds: ({ filter, sort, offset, limit }) =>
      read("readVmIds", { filter, sort, offset, limit }, () => {
        const sign = sort.descending ? -1 : 1;
        const ids = found(vms, filter)
          .toSorted((left, right) => (left.name < right.name ? -sign : sign))
          .map((vm) => vm.id);
        return ids.slice(offset, limit === null ? undefined : offset + limit);
      }),
    readChangeMark: () => read("readChangeMark", null, () => null),
    readVmOriginsByIds: (ids) => read("readVmOriginsByIds", ids, () => []),
    readNamed: (kind, ids) => read("readNamed", { kind, ids }, () => []),
    countVms: (filter) => read("countVms", filter, () => found(vms, filter).length),
    readVmsByIds: (ids) => read("readVmsByIds", ids, () => vms.filter((vm) => ids.includes(vm.id)).reverse()),
    readVmsByHosts: (ids, limitPerHost) =>
      read("readVmsByHosts", ids, () => {
        const byName = vms.toSorted((left, right) => (left.name < right.name ? -1 : 1));
        return ids.flatMap((id) => byName.filter((vm) => vm.hostId === id).slice(0, limitPerHost)).reverse();
      }),
    readNicsByVms: (ids) =>
      read("readNicsByVms", ids, () => nics.filter((nic) => ids.includes(nic.vmId)).reverse()),
    readNicsByIds: (ids) =>
      read("readNicsByIds", ids, () => nics.filter((nic) => ids.includes(nic.id)).reverse()),
    readNicsByMacs: (macs) =>
      read("readNicsByMacs", macs, () => nics.filter((nic) => macs.includes(nic.macAddress ?? ""))),
    readGuestInterfacesByVms: (ids) =>
      read("readGuestInterfacesByVms", ids, () => interfaces.filter((each) => ids.includes(each.vmId))),
    readHistoryBounds: () => read("readHistoryBounds", null, () => null),
    readVmVersionsAt: (ids, at) => read("readVmVersionsAt", { ids, at }, () => []),
    readVmChanges: (ids, question) => read("readVmChanges", { ids, question }, () => []),
    readAddressSpans: (question) => read("readAddressSpans", question, () => null),
    readChangeCursor: () => read("readChangeCursor", null, () => null),
    readGuestAddresses: (question) => read("readGuestAddresses", question, () => []),
    countGuestAddresses: (question) => read("countGuestAddresses", question, () => 0),
    readAddressConflicts: (question) => read("readAddressConflicts", question, () => []),
    countAddressConflicts: (question) => read("countAddressConflicts", question, () => 0),
    readMacConflicts: (question) => read("readMacConflicts", question, () => []),
    countMacConflicts: () => read("countMacConflicts", null, () => 0),
    readDrift: (question) => read("readDrift", question, () => []),
    countDrift: (question) => read("countDrift", question, () => 0),
    readNetworkStats: (question) =>
      read("readNetworkStats", question, () => ({ rows: [], groupCount: 0, leftOut: 0 })),
    readHosts: () => read("readHosts", null, () => hostRows.toReversed()),
    readHostsByIds: (ids) =>
      read("readHostsByIds", ids, () => hostRows.filter((host) => ids.includes(host.id))),
  };
}

function found(vms: readonly VmRow[], filter: VmFilter): VmRow[] {
  return vms
    .filter((vm) => filter.ids === undefined || filter.ids.includes(vm.id))
    .filter((vm) => filter.nameContains === undefined || vm.name.includes(filter.nameContains))
    .filter((vm) => filter.statuses === undefined || filter.statuses.includes(vm.status))
    .filter((vm) => filter.hostId === undefined || vm.hostId === filter.hostId)
    .filter((vm) => filter.ip === undefined || (vm.ips ?? []).includes(filter.ip));
}
