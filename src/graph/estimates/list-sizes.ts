import { HOLDERS_SHOWN, MOST_STATS_ROWS } from "../../model/limits.js";
import { DEFAULT_PAGE } from "../arguments/arguments.js";

/**
 * Returns how many values a list field typically gives: 1 if it is no list, the page size if one is asked for. The
 * numbers are those of large installations. Estimates use them for lists of plain values, and for all lists until the
 * real ones were counted (estimate-field.ts).
 */
export function findListSize(
  typeName: string,
  fieldName: string,
  args: Readonly<Record<string, unknown>>,
): number {
  const size = LIST_SIZES[`${typeName}.${fieldName}`] ?? 1;
  return typeof size === "number" ? size : size(args);
}

/**
 * The size of each list field, or the function of its arguments that gives it. A page's size counts at the field that
 * has `first`.
 */
export const LIST_SIZES: Readonly<
  Record<string, number | ((args: Readonly<Record<string, unknown>>) => number)>
> = {
  "Query.vms": (args) => readPageSize(args, DEFAULT_PAGE),
  "Query.hosts": 50,
  "Query.vmNics": ({ macAddresses }) => 2 * (Array.isArray(macAddresses) ? macAddresses.length : 1),
  "FindResult.vms": (args) => readPageSize(args, DEFAULT_PAGE),
  "FindResult.vmNics": 2,
  "FindResult.hosts": 50,
  "Query._entities": ({ representations }) => (Array.isArray(representations) ? representations.length : 1),
  "VmConnection.nodes": 1,
  "VmConnection.edges": 1,
  "Host.vms": (args) => readPageSize(args, TYPICAL_VMS_OF_A_HOST),
  "Vm.nics": 4,
  "Vm.guestHistory": (args) => readPageSize(args, DEFAULT_PAGE),
  "GuestHistoryConnection.nodes": 1,
  "GuestHistoryConnection.edges": 1,
  "GuestNetworkChange.differences": 3,
  "GuestNetworkEvent.changes": 3,
  "Query.addressHistory": (args) => readPageSize(args, DEFAULT_PAGE),
  "AddressHistoryConnection.nodes": 1,
  "AddressHistoryConnection.edges": 1,
  ...Object.fromEntries(
    ["GuestAddress", "AddressConflict", "MacConflict", "Drift"].flatMap((name) => [
      [`${name}Connection.nodes`, 1],
      [`${name}Connection.edges`, 1],
    ]),
  ),
  "AddressConflict.holders": HOLDERS_SHOWN,
  "GuestNetworkStats.rows": MOST_STATS_ROWS,
  "MacConflict.vmNics": 2,
  "AddressListDifference.ipsBefore": 8,
  "AddressListDifference.ipsAfter": 8,
  "VmNic.guestInterfaces": 2,
  "GuestInfo.networkDevices": 8,
  "GuestInfo.ips": 8,
  "NetworkDevice.ipv4Addresses": 2,
  "NetworkDevice.ipv6Addresses": 2,
};

/** Host.vms gives all VMs unless `first` bounds them; rarely are there more. */
const TYPICAL_VMS_OF_A_HOST = 50;

function readPageSize({ first, last }: Readonly<Record<string, unknown>>, otherwise: number): number {
  const size = first ?? last;
  return typeof size === "number" && size >= 0 ? size : otherwise;
}
