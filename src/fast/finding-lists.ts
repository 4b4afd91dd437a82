import { checkListLength, parseText } from "../graph/arguments/arguments.js";
import {
  listAddressConflicts,
  listDriftRows,
  listGuestAddresses,
  listMacConflicts,
} from "../graph/arguments/pages/finding-lists.js";
import type { RowList } from "../graph/arguments/pages/row-page.js";
import type { Loaders } from "../loaders/loaders.js";
import type { AddressConflictRow, DriftRow, GuestAddressRow, MacConflictRow } from "../loaders/rows.js";
import type { Cidr } from "../model/address/cidr.js";
import type { DriftKind } from "../model/guest/drift.js";
import type { Arguments } from "./root-work.js";

/** A list of what is found in many VMs. */
export interface FindingList<Row> {
  /** The type of its rows. */
  readonly node: string;
  readonly createList: (loaders: Loaders, args: Arguments) => RowList<Row>;
  /** The fields of a row for which nothing else is read. */
  readonly ownFields: ReadonlySet<string>;
  /** Lists the VMs that a row names. */
  readonly listVmIds?: (row: Row) => readonly string[];
  /** Returns the MAC by which a row names vNICs. */
  readonly getMac?: (row: Row) => string;
}

/** The list `guestAddresses`. */
export const GUEST_ADDRESSES: FindingList<GuestAddressRow> = {
  node: "GuestAddress",
  createList: (loaders, { inCidr }) =>
    listGuestAddresses(loaders, (inCidr as Cidr | null | undefined) ?? null),
  ownFields: new Set(["__typename", "address"]),
  listVmIds: ({ vmId }) => [vmId],
};

/** The list `addressConflicts`. */
export const ADDRESS_CONFLICTS: FindingList<AddressConflictRow> = {
  node: "AddressConflict",
  createList: (loaders, { within, network }) =>
    listAddressConflicts(loaders, {
      within: (within as Cidr | null | undefined) ?? null,
      network: network == null ? null : parseText("network", network as string),
    }),
  ownFields: new Set(["__typename", "address", "vmCount"]),
  listVmIds: ({ vmIds }) => vmIds,
};

/** The list `macConflicts`. */
export const MAC_CONFLICTS: FindingList<MacConflictRow> = {
  node: "MacConflict",
  createList: (loaders) => listMacConflicts(loaders),
  ownFields: new Set(["__typename", "macAddress", "vmCount"]),
  getMac: ({ macAddress }) => macAddress,
};

/** The list `drift`. */
export const DRIFT: FindingList<DriftRow> = {
  node: "Drift",
  createList: (loaders, { kinds }) =>
    listDriftRows(loaders, kinds == null ? null : checkListLength("kinds", kinds as readonly DriftKind[])),
  ownFields: new Set(["__typename", "kind"]),
  listVmIds: ({ vmId }) => [vmId],
};
