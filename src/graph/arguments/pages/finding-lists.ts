import type { Loaders } from "../../../loaders/loaders.js";
import type { AddressConflictRow, DriftRow, GuestAddressRow, MacConflictRow } from "../../../loaders/rows.js";
import type { Cidr } from "../../../model/address/cidr.js";
import type { DriftKind } from "../../../model/guest/drift.js";
import { isUuid } from "../../../model/uuid.js";
import { isAddress, isKey } from "./cursor-forms.js";
import type { RowList } from "./row-page.js";

/** Lists guests' addresses in numeric order. */
export function listGuestAddresses({ findings }: Loaders, inCidr: Cidr | null): RowList<GuestAddressRow> {
  return {
    name: "address",
    getCursorParts: ({ address, vmId }) => [address, vmId],
    forms: [isAddress, isUuid],
    read: ({ limit, after }) =>
      findings.readGuestAddresses({
        inCidr,
        after: after && { address: after[0] ?? "", vmId: after[1] ?? "" },
        limit,
      }),
    count: () => findings.countGuestAddresses({ inCidr }),
  };
}

/** Lists addresses that several VMs have, in numeric order. */
export function listAddressConflicts(
  { findings }: Loaders,
  asked: { readonly within: Cidr | null; readonly network: string | null },
): RowList<AddressConflictRow> {
  return {
    name: "address-conflict",
    getCursorParts: ({ address }) => [address],
    forms: [isAddress],
    read: ({ limit, after }) => findings.readAddressConflicts({ ...asked, after: after?.[0] ?? null, limit }),
    count: () => findings.countAddressConflicts(asked),
  };
}

/** Lists MACs that several VMs have, in order. */
export function listMacConflicts({ findings }: Loaders): RowList<MacConflictRow> {
  return {
    name: "mac-conflict",
    getCursorParts: ({ macAddress }) => [macAddress],
    forms: [(text) => /^[0-9A-Fa-f:.-]{1,59}$/.test(text)],
    read: ({ limit, after }) => findings.readMacConflicts({ after: after?.[0] ?? null, limit }),
    count: () => findings.countMacConflicts(),
  };
}

/** Lists drift, VM by VM. */
export function listDriftRows({ findings }: Loaders, kinds: readonly DriftKind[] | null): RowList<DriftRow> {
  return {
    name: "drift",
    getCursorParts: ({ vmId, kindNumber, key }) => [vmId, String(kindNumber), key],
    forms: [isUuid, (text) => /^\d{1,4}$/.test(text), isKey],
    read: ({ limit, after }) =>
      findings.readDrift({
        kinds,
        after: after && { vmId: after[0] ?? "", kindNumber: Number(after[1]), key: after[2] ?? "" },
        limit,
      }),
    count: () => findings.countDrift({ kinds }),
  };
}
