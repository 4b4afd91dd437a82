import { memoizeByObject } from "../batches/memoize.js";
import type { StaleReason } from "../../model/guest/stale-reason.js";
import { areInterfacesKnown } from "../../store/changes/versions/version-addresses.js";
import type { PastVm, VmVersion } from "../rows.js";
import type { GuestInterface, Nic, VmRow } from "../rows.js";

/** Returns the VM of a version as a row that the graph reads. What leads on from it stays in that version. */
export const toPastVm = memoizeByObject((version: Version): VmRow => {
  const { id, name, status, hostId, ips, fqdn, staleDetail, lastReportedAt = null } = version;
  const interfacesKnown = areInterfacesKnown(version);
  return {
    id,
    name,
    status,
    hostId,
    ips: ips === null ? (interfacesKnown ? [] : null) : ips.split(" "),
    fqdn,
    interfacesKnown,
    nicsKnown: version.nics !== null,
    lastReportedAt,
    staleReason: findStaleReason(version),
    staleDetail,
    // Times of the past are told by its changes.
    staleSince: null,
    lastChangedAt: null,
    past: version,
  };
});

type Version = VmVersion & Partial<Pick<PastVm, "lastReportedAt">>;

/** Lists a version's vNICs as rows; none if they are not known. */
export const listPastNics = memoizeByObject((version: VmVersion): readonly Nic[] =>
  (version.nics ?? []).map((nic) => ({ ...nic, vmId: version.id, plugged: true, past: version })),
);

/** Lists a version's interfaces as rows. */
export const listPastInterfaces = memoizeByObject((version: VmVersion): readonly GuestInterface[] =>
  version.interfaces.map((guestInterface) => ({ ...guestInterface, past: version })),
);

/** Finds why a version is stale. A host's outages and late passes are not kept, and so not told. */
export function findStaleReason({ hostId, isMissing, silence }: VmVersion): StaleReason | null {
  if (hostId === null) return null;
  if (isMissing) return "VM_MISSING";
  return silence === null ? null : STALE_REASONS[silence];
}

const STALE_REASONS = {
  absent: "AGENT_ABSENT",
  silent: "AGENT_SILENT",
  invalid: "REPORT_INVALID",
  partial: "REPORT_INVALID",
  "ips-only": null,
} as const satisfies Record<NonNullable<VmVersion["silence"]>, StaleReason | null>;
