import type { HostClaim } from "../store/types.js";

/**
 * Remembers per host what its last pass left settled, so that the same report again need not be compared with the store.
 * It holds a fingerprint and an epoch a host, and nothing per VM.
 */
export class PassMemory {
  private readonly byHost = new Map<string, Remembered>();

  /**
   * `true` if this report was the last pass's too, and nobody wrote since: every claim raises the epoch by one, and so
   * does every write of another pass to a VM of this host.
   */
  isUnchanged({ hostId, epoch }: HostClaim, fingerprint: string | null): boolean {
    const last = this.byHost.get(hostId);
    return (
      last !== undefined &&
      fingerprint !== null &&
      last.fingerprint === fingerprint &&
      last.epoch + 1n === epoch &&
      last.uses < MAX_USES
    );
  }

  /** After a pass that compared with the store and left it settled. */
  remember({ hostId, epoch }: HostClaim, fingerprint: string): void {
    this.byHost.set(hostId, { epoch, fingerprint, uses: 0 });
  }

  /** After a pass that trusted this memory. */
  use({ hostId, epoch }: HostClaim): void {
    const last = this.byHost.get(hostId);
    if (last !== undefined) this.byHost.set(hostId, { ...last, epoch, uses: last.uses + 1 });
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
  readonly fingerprint: string;
  readonly uses: number;
}

/** Whoever writes to the tables by hand raises no epoch: after ten minutes at 15 s each, the pass looks again. */
const MAX_USES = 40;
