import type { Loaders } from "../../../loaders/loaders.js";
import type { AddressConflictRow, DriftRow, GuestAddressRow, MacConflictRow } from "../../../loaders/rows.js";
import type { Cidr } from "../../../model/address/cidr.js";
import type { DriftKind } from "../../../model/guest/drift.js";
import { isUuid } from "../../../model/uuid.js";
import { isAddress, isKey } from "./place-forms.js";
import type { RowList } from "./row-page.js";

/** Lists guests' addresses in the order of their numbers. */
export function listGuestAddresses({ findings }: Loaders, inCidr: Cidr | null): RowList<GuestAddressRow> {
  return {
    name: "address",
    getPlace: ({ address, vmId }) => [address, vmId],
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

/** Lists addresses of several VMs in the order of their numbers. */
export function listAddressConflicts(
  { findings }: Loaders,
  asked: { readonly within: Cidr | null; readonly network: string | null },
): RowList<AddressConflictRow> {
  return {
    name: "address-conflict",
    getPlace: ({ address }) => [address],
    forms: [isAddress],
    read: ({ limit, after }) => findings.readAddressConflicts({ ...asked, after: after?.[0] ?? null, limit }),
    count: () => findings.countAddressConflicts(asked),
  };
}

/** Lists MACs of several VMs in their order. */
export function listMacConflicts({ findings }: Loaders): RowList<MacConflictRow> {
  return {
    name: "mac-conflict",
    getPlace: ({ macAddress }) => [macAddress],
    forms: [(text) => /^[0-9A-Fa-f:.-]{1,59}$/.test(text)],
    read: ({ limit, after }) => findings.readMacConflicts({ after: after?.[0] ?? null, limit }),
    count: () => findings.countMacConflicts(),
  };
}

/** Lists what does not fit, by VM. */
export function listDriftRows({ findings }: Loaders, kinds: readonly DriftKind[] | null): RowList<DriftRow> {
  return {
    name: "drift",
    getPlace: ({ vmId, kindNumber, key }) => [vmId, String(kindNumber), key],
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
