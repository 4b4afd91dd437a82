import type { HostClaim } from "../store/types.js";
import type { KeptAnswer } from "../vdsm/scan/scan-diff.js";

/**
 * Remembers one host between passes, so that a pass looks only at VMs that are reported otherwise than before.
 *
 *      begin(claim) ──→ scan, plan, write ──→ commit(claim, scan)
 *       │   ▲                                  │
 *       │   └────────── next pass ─────────────┘
 *       ├──→ fail(claim): the host failed, nothing was written; the kept answer stays good
 *       └──→ reset(): somebody else wrote, or may have; the next pass compares all VMs with the store
 *
 * The kept answer is good while all of these hold:
 * 1. the pass that kept it left every VM settled: the same report again would change nothing;
 * 2. nobody wrote since. Every claim of the host raises its epoch by one, and so does every pass that takes a VM from it.
 *    So the next claim's epoch is one above the last one's exactly if nobody did;
 * 3. fewer than {@link MAX_USES} passes have relied on it.
 */
export class HostMemory {
  /** `true`: the host has no `Host.dumpxmls`. */
  lacksDumpxmls = false;
  /** `true`: the host is not asked for its name again until it fails. */
  isNameSettled = false;
  /** The name that this process stored last; `null`: none, and the stored one may be of an earlier process. */
  storedName: string | null = null;
  /** The problems in the host's reports since the last written pass, as messages, by VM. */
  problems: ReadonlyMap<string, string> = new Map();
  private basis: Basis | null = null;

  /** Begins a pass. Returns the answer with which the next one may be compared; `null` if all VMs must be looked at. */
  begin({ epoch }: HostClaim): KeptAnswer | null {
    const { basis } = this;
    const isGood = basis !== null && basis.epoch + 1n === epoch && basis.uses < MAX_USES;
    if (!isGood) this.reset();
    return this.basis?.kept ?? null;
  }

  /** Keeps the answer of a pass that was written. */
  commit({ epoch }: HostClaim, { toKeep, listsAllVms }: CommittedScan, isSettled: boolean): void {
    const uses = listsAllVms || this.basis === null ? 0 : this.basis.uses + 1;
    this.basis = isSettled ? { epoch, kept: toKeep, uses } : null;
  }

  /**
   * Notes that a pass failed after its claim; `null`: before. The claim raised the epoch, and was no stranger's. After a
   * failure the host may be another release under another name.
   */
  fail(claim: HostClaim | null): void {
    this.lacksDumpxmls = false;
    this.isNameSettled = false;
    const { basis } = this;
    if (basis !== null && claim !== null && basis.epoch + 1n === claim.epoch) {
      this.basis = { ...basis, epoch: claim.epoch };
    }
  }

  /** Forgets the kept answer, because the stored VMs may no longer be what it meant. */
  reset(): void {
    this.basis = null;
  }
}

/** What {@link HostMemory.commit} needs of a scan. */
interface CommittedScan {
  readonly toKeep: KeptAnswer | null;
  readonly listsAllVms: boolean;
}

/** The last pass that left all VMs settled. */
interface Basis {
  readonly epoch: bigint;
  readonly kept: KeptAnswer | null;
  /** Passes since all VMs were compared with the store. */
  readonly uses: number;
}

/** A write by hand raises no epoch. So one pass in forty, which is every ten minutes at 15 s each, compares all VMs. */
const MAX_USES = 40;
