import { UNKNOWN_INTERFACE } from "../../src/store/read/interface-columns.js";
import type { GuestInterface, HostRow, Nic, ReadStore, VmFilter, VmRow } from "../../src/store/types.js";

/** A ReadStore over plain lists, for tests of what the graph makes of rows; `calls` has the name of every read. */
export interface MemoryStore extends ReadStore {
  readonly vms: VmRow[];
  readonly nics: Nic[];
  readonly interfaces: GuestInterface[];
  readonly hostRows: HostRow[];
  readonly calls: string[];
  readonly asked: unknown[];
}

export function memoryStore(): MemoryStore {
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
    vmsPage: (page) =>
      read("vmsPage", page, () => {
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
    vmIds: ({ filter, sort, offset, limit }) =>
      read("vmIds", { filter, sort, offset, limit }, () => {
        const sign = sort.descending ? -1 : 1;
        const ids = found(vms, filter)
          .toSorted((left, right) => (left.name < right.name ? -sign : sign))
          .map((vm) => vm.id);
        return ids.slice(offset, limit === null ? undefined : offset + limit);
      }),
    vmOriginsByIds: (ids) => read("vmOriginsByIds", ids, () => []),
    named: (kind, ids) => read("named", { kind, ids }, () => []),
    countVms: (filter) => read("countVms", filter, () => found(vms, filter).length),
    vmsByIds: (ids) => read("vmsByIds", ids, () => vms.filter((vm) => ids.includes(vm.id)).reverse()),
    vmsByHosts: (ids, limitPerHost) =>
      read("vmsByHosts", ids, () => {
        const byName = vms.toSorted((left, right) => (left.name < right.name ? -1 : 1));
        return ids.flatMap((id) => byName.filter((vm) => vm.hostId === id).slice(0, limitPerHost)).reverse();
      }),
    nicsByVms: (ids) => read("nicsByVms", ids, () => nics.filter((nic) => ids.includes(nic.vmId)).reverse()),
    nicsByIds: (ids) => read("nicsByIds", ids, () => nics.filter((nic) => ids.includes(nic.id)).reverse()),
    nicsByMacs: (macs) =>
      read("nicsByMacs", macs, () => nics.filter((nic) => macs.includes(nic.macAddress ?? ""))),
    guestInterfacesByVms: (ids) =>
      read("guestInterfacesByVms", ids, () => interfaces.filter((device) => ids.includes(device.vmId))),
    hosts: () => read("hosts", null, () => hostRows.toReversed()),
    hostsByIds: (ids) => read("hostsByIds", ids, () => hostRows.filter((host) => ids.includes(host.id))),
  };
}

/** A UUID that is easy to recognise. */
export function uuid(kind: number, number: number): string {
  return `${kind.toString(16).padStart(8, "0")}-0000-4000-8000-${number.toString(16).padStart(12, "0")}`;
}

export function vmRow(number: number, values: Partial<VmRow> = {}): VmRow {
  return {
    id: uuid(1, number),
    name: `vm-${String(number).padStart(4, "0")}`,
    status: 1,
    hostId: uuid(3, number % 2),
    ips: ["10.0.0.1"],
    fqdn: null,
    interfacesKnown: true,
    lastReportedAt: new Date("2026-11-24T10:00:00Z"),
    staleReason: null,
    staleDetail: null,
    ...values,
  };
}

export function nicRow(number: number, vmId: string, values: Partial<Nic> = {}): Nic {
  return {
    id: uuid(2, number),
    vmId,
    name: `nic${number}`,
    macAddress: mac(number),
    network: null,
    linked: true,
    ...values,
  };
}

export function device(vmId: string, values: Partial<GuestInterface> = {}): GuestInterface {
  return { ...UNKNOWN_INTERFACE, vmId, name: "eth0", macAddress: mac(1), ...values };
}

export function hostRow(number: number, values: Partial<HostRow> = {}): HostRow {
  return {
    id: uuid(3, number),
    name: `host-${number}`,
    address: `host-${number}:54321`,
    status: 3,
    lastAttemptAt: null,
    isPolled: true,
    lastSuccessAt: null,
    lastError: null,
    lastWarning: null,
    ...values,
  };
}

export function mac(number: number): string {
  return (0x56_6f_00_00_00_00 + number).toString(16).match(/../g)!.join(":");
}

function found(vms: readonly VmRow[], filter: VmFilter): VmRow[] {
  return vms
    .filter((vm) => filter.nameContains === undefined || vm.name.includes(filter.nameContains))
    .filter((vm) => filter.statuses === undefined || filter.statuses.includes(vm.status))
    .filter((vm) => filter.hostId === undefined || vm.hostId === filter.hostId)
    .filter((vm) => filter.ip === undefined || (vm.ips ?? []).includes(filter.ip));
}
