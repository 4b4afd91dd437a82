import type { ReportedNic } from "../../vdsm/records/types.js";
import type { SlicedWork } from "../../vdsm/scan/sliced-work.js";
import type { Nic } from "../../store/types.js";
import { deriveClaimedId, toNics } from "./nics.js";
import type { SightedVm } from "./sightings.js";

/** The hosts' answers about the vNICs of VMs, by VM. */
export type NicReports = ReadonlyMap<string, readonly ReportedNic[]>;

/** The vNICs of one VM as they will be stored. */
export interface SettledNics {
  readonly nics: readonly Nic[];
  /** A message that another VM has an id of these vNICs; `null`: none has. */
  readonly conflict: string | null;
}

/** Finds the ids of vNICs that VMs would get. The caller asks the store whether other VMs have them. */
export function* findNewNicIds(vms: readonly SightedVm[], reports: NicReports): SlicedWork<string[]> {
  const found: string[] = [];
  for (const [{ stored }, nics] of yield* toAllNics(vms, reports)) {
    const held = new Set((stored?.nics ?? []).map(({ id }) => id));
    for (const { id } of nics) if (!held.has(id)) found.push(id);
  }
  return found;
}

/** Converts the vNICs of all VMs of which their hosts answered, and pauses after each few thousand. */
function* toAllNics(
  vms: readonly SightedVm[],
  reports: NicReports,
): SlicedWork<(readonly [SightedVm, readonly Nic[]])[]> {
  const all: (readonly [SightedVm, readonly Nic[]])[] = [];
  let left = NICS_OF_A_SLICE;
  for (const vm of vms) {
    const reported = reports.get(vm.vmId);
    if (reported === undefined) continue;
    all.push([vm, toNics(vm.vmId, reported)]);
    left -= reported.length;
    if (left > 0) continue;
    left = NICS_OF_A_SLICE;
    yield;
  }
  return all;
}

/** Some ten milliseconds of work. */
const NICS_OF_A_SLICE = 2_000;

/**
 * Decides which VM gets the id of a vNIC that several VMs claim. An id comes from a host, which may be wrong or hostile.
 * 1. A VM keeps its ids until its own host's answer does not list them any more.
 * 2. If several VMs claim a free id, the first one in the host's report gets it.
 * 3. Any other VM gets an id that is derived from its own id and the claimed one, so that it is the same at each pass.
 */
export class NicClaims {
  private readonly holders: Map<string, string>;

  private constructor(
    vms: readonly SightedVm[],
    private readonly claims: ReadonlyMap<string, readonly Nic[]>,
    holders: ReadonlyMap<string, string>,
  ) {
    this.holders = new Map(holders);
    for (const { vmId, stored } of vms) {
      const held = stored?.nics ?? [];
      if (held.length > 0) this.noteHeld(vmId, held);
    }
  }

  /** Reads what VMs claim. */
  static *read(
    vms: readonly SightedVm[],
    reports: NicReports,
    holders: ReadonlyMap<string, string>,
  ): SlicedWork<NicClaims> {
    const claimed = yield* toAllNics(vms, reports);
    return new NicClaims(vms, new Map(claimed.map(([{ vmId }, nics]) => [vmId, nics])), holders);
  }

  /** Decides the ids of one VM's vNICs; `null` if its host did not answer about them. */
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
