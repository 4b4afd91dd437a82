import type { ReportedNic } from "../../vdsm/records/types.js";
import type { Nic } from "../../store/types.js";
import { deriveClaimedId, toNics } from "./nics.js";
import type { SightedVm } from "./sightings.js";

/** What hosts answered about the vNICs of VMs, by VM. */
export type NicReports = ReadonlyMap<string, readonly ReportedNic[]>;

/** The vNICs of one VM as they are to be stored. */
export interface SettledNics {
  readonly nics: readonly Nic[];
  /** A message that another VM holds an id of these vNICs; `null`: none does. */
  readonly conflict: string | null;
}

/** Finds the ids that VMs are about to get. The store is asked whether another VM holds them. */
export function findNewNicIds(vms: readonly SightedVm[], reports: NicReports): string[] {
  return vms.flatMap(({ vmId, stored }) => {
    const reported = reports.get(vmId);
    if (reported === undefined) return [];
    const held = new Set((stored?.nics ?? []).map(({ id }) => id));
    return toNics(vmId, reported)
      .map(({ id }) => id)
      .filter((id) => !held.has(id));
  });
}

/**
 * Decides which VM gets the id of a vNIC that several VMs claim. An id comes from a host, which may be wrong or hostile.
 * 1. A VM that holds an id keeps it until its own host's answer no longer lists it.
 * 2. Of VMs that claim a free id, the first in the host's report gets it.
 * 3. Any other VM gets an id that is derived from its own and from the claimed one, and so is the same at each pass.
 */
export class NicClaims {
  private readonly holders: Map<string, string>;
  private readonly claims = new Map<string, readonly Nic[]>();

  constructor(vms: readonly SightedVm[], reports: NicReports, holders: ReadonlyMap<string, string>) {
    this.holders = new Map(holders);
    for (const { vmId, stored } of vms) {
      const reported = reports.get(vmId);
      if (reported !== undefined) this.claims.set(vmId, toNics(vmId, reported));
      const held = stored?.nics ?? [];
      if (held.length > 0) this.noteHeld(vmId, held);
    }
  }

  /** Settles the ids of one VM; `null` if its host did not answer about its vNICs. */
  settle(vmId: string): SettledNics | null {
    const claimed = this.claims.get(vmId);
    if (claimed === undefined) return null;
    let conflict: string | null = null;
    const nics = claimed.map((nic) => {
      const holder = this.holders.get(nic.id) ?? vmId;
      this.holders.set(nic.id, holder);
      if (holder === vmId) return nic;
      conflict ??= `claims vNIC ${nic.id} of VM ${holder}, and has it under an id of its own`;
      return { ...nic, id: deriveClaimedId(vmId, nic.id) };
    });
    return { nics, conflict };
  }

  private noteHeld(vmId: string, held: readonly Nic[]): void {
    const claimed = this.claims.get(vmId);
    const listed = claimed === undefined ? null : new Set(claimed.map(({ id }) => id));
    for (const { id } of held) {
      if (listed === null || listed.has(id)) this.holders.set(id, vmId);
      else if (this.holders.get(id) === vmId) this.holders.delete(id);
    }
  }
}
