import type { HostClaim } from "../store/types.js";
import type { KeptAnswer } from "../vdsm/scan/scan-diff.js";

/**
 * Remembers one host between passes, so that a pass looks only at VMs whose report changed.
 *
 *      begin(claim) ──→ scan, plan, write ──→ commit(claim, scan)
 *       │   ▲                                  │
 *       │   └────────── next pass ─────────────┘
 *       ├──→ fail(claim): the host failed, nothing was written; the kept answer stays good
 *       └──→ reset(): somebody else wrote, or may have; the next pass compares all VMs with the store
 *
 * The kept answer is good while all of these hold:
 * 1. The pass that kept it left every VM settled: the same report would change nothing.
 * 2. Nobody wrote since. Every claim of the host raises its epoch by one, and so does every pass that takes a VM from it.
 *    So the next claim's epoch is one higher than the last one's if and only if nobody else wrote.
 * 3. Fewer than {@link MAX_USES} passes have relied on it.
 */
export class HostMemory {
  /** `true`: the host has no `Host.dumpxmls`. */
  lacksDumpxmls = false;
  /** VMs for which alone the host refused to report vNICs when it was last asked. */
  refusedNics: ReadonlySet<string> = new Set();
  /** `true`: the host is not asked for its name again until it fails. */
  isNameSettled = false;
  /** The name that this process stored last; `null`: none. Then the stored name may be from an earlier process. */
  storedName: string | null = null;
  /** The problems in the host's reports since the last written pass, as messages, by VM. */
  problems: ReadonlyMap<string, string> = new Map();
  private basis: Basis | null = null;

  /** Begins a pass. Returns the kept answer to compare the next one with; `null` if the pass must look at all VMs. */
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
   * Notes that a pass failed; `claim` is `null` if it failed before its claim. The claim raised the epoch, so the next
   * check must not take it for a foreign write. After a failure the host may have another release or another name.
   */
  fail(claim: HostClaim | null): void {
    this.lacksDumpxmls = false;
    this.isNameSettled = false;
    const { basis } = this;
    if (basis !== null && claim !== null && basis.epoch + 1n === claim.epoch) {
      this.basis = { ...basis, epoch: claim.epoch };
    }
  }

  /** Forgets the kept answer, because the stored VMs may differ from it now. */
  reset(): void {
    this.basis = null;
  }
}

/** The part of a scan that {@link HostMemory.commit} needs. */
interface CommittedScan {
  readonly toKeep: KeptAnswer | null;
  readonly listsAllVms: boolean;
}

/** The kept answer of the last pass that left all VMs settled. */
interface Basis {
  readonly epoch: bigint;
  readonly kept: KeptAnswer | null;
  /** The number of passes since all VMs were compared with the store. */
  readonly uses: number;
}

/**
 * The number of passes after which all VMs are compared again, because a write by hand raises no epoch. Forty passes are
 * ten minutes at 15 s each.
 */
const MAX_USES = 40;
