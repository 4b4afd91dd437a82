import type { HostClaim } from "../store/types.js";

/**
 * Remembers per host the last pass that left it settled: then a VM that is reported as it was at that pass need not be
 * compared with the store.
 */
export class PassMemory {
  private readonly byHost = new Map<string, Remembered>();

  /**
   * `true` if nobody wrote since the last pass, which left all settled: every claim raises the epoch by one, and so does
   * every write of another pass to a VM of this host.
   */
  isTrusted({ hostId, epoch }: HostClaim): boolean {
    const last = this.byHost.get(hostId);
    return last !== undefined && last.epoch + 1n === epoch && last.uses < MAX_USES;
  }

  /** After a pass that compared all VMs with the store and left them settled. */
  remember({ hostId, epoch }: HostClaim): void {
    this.byHost.set(hostId, { epoch, uses: 0 });
  }

  /** After a pass that trusted this memory, and left settled what it did compare. */
  use({ hostId, epoch }: HostClaim): void {
    const last = this.byHost.get(hostId);
    if (last !== undefined) this.byHost.set(hostId, { epoch, uses: last.uses + 1 });
  }

  /** After a pass that claimed the host and wrote nothing: its claim was no stranger's. */
  skip({ hostId, epoch }: HostClaim): void {
    const last = this.byHost.get(hostId);
    if (last?.epoch === epoch - 1n) this.byHost.set(hostId, { ...last, epoch });
  }

  forget(hostId: string): void {
    this.byHost.delete(hostId);
  }
}

interface Remembered {
  readonly epoch: bigint;
  readonly uses: number;
}

/** Whoever writes to the tables by hand raises no epoch: after ten minutes at 15 s each, the pass looks again. */
const MAX_USES = 40;
