import { memoizeByObject } from "../../model/memoize-by-object.js";
import type { StaleReason } from "../../model/guest/stale-reason.js";
import { areInterfacesKnown } from "../../store/changes/versions/version-addresses.js";
import type { PastVm, VmVersion } from "../rows.js";
import type { GuestInterface, Nic, VmRow } from "../rows.js";

/** Converts a version into a VM's row as the graph reads it. Further reads from that row stay in the version. */
export const toPastVm = memoizeByObject((version: Version): VmRow => {
  const { id, name, status, hostId, ips, fqdn, staleDetail } = version;
  const { lastReportedAt = null, staleSince = null, lastChangedAt = null } = version;
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
    staleSince,
    lastChangedAt,
    past: version,
  };
});

type Version = VmVersion & Partial<Pick<PastVm, "lastReportedAt" | "staleSince" | "lastChangedAt">>;

/** Lists a version's vNICs as rows; none if they are not known. */
export const listPastNics = memoizeByObject((version: VmVersion): readonly Nic[] =>
  (version.nics ?? []).map((nic) => ({ ...nic, vmId: version.id, plugged: true, past: version })),
);

/** Lists a version's interfaces as rows. */
export const listPastInterfaces = memoizeByObject((version: VmVersion): readonly GuestInterface[] =>
  version.interfaces.map((guestInterface) => ({ ...guestInterface, past: version })),
);

/** Finds why a version is stale. The log does not keep outages of hosts and late passes. */
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
