import type { Loaders } from "../../loaders/loaders.js";
import type { NetworkStatsKey, NetworkStatsRow, StaleReason, VmFilter } from "../../loaders/rows.js";
import type { IpFamily } from "../../model/address/cidr.js";

/** A group as the graph shows it. The key of the group is in the field of that name; the other key fields are null. */
export interface ShownStatsRow extends Omit<NetworkStatsRow, "key"> {
  readonly hostId: string | null;
  readonly network: string | null;
  readonly family: IpFamily | null;
  readonly staleReason: StaleReason | null;
}

/** Loads the figures of the VMs that a filter finds. */
export async function loadNetworkStats({ findings }: Loaders, filter: VmFilter, by: NetworkStatsKey) {
  const { rows, ...rest } = await findings.readNetworkStats({ filter, by });
  return { ...rest, rows: rows.map((row) => showRow(row, by)) };
}

function showRow({ key, ...figures }: NetworkStatsRow, by: NetworkStatsKey): ShownStatsRow {
  return {
    ...figures,
    hostId: by === "HOST" ? key : null,
    network: by === "NETWORK" ? key : null,
    family: by !== "FAMILY" || key === null ? null : key === "4" ? 4 : 6,
    staleReason: by === "STALE_REASON" ? (key as StaleReason | null) : null,
  };
}
