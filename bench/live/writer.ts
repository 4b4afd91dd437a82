import { setTimeout as sleep } from "node:timers/promises";
import type { Store, StoredVm } from "../../src/store/types.js";
import { changeAllIps } from "../../test/store/changes/log-fixtures.js";

/** The number of batches of all writers. Each batch has new addresses, since equal ones would be no change. */
let batch = 0;

/** Writes changes at a steady rate, and remembers when each was committed. */
export class Writer {
  /** The time of the commit by address, on the clock of this process. */
  readonly committedAt = new Map<string, number>();
  /** The number of changes by VM. */
  readonly counts = new Map<string, number>();
  private place = 0;

  constructor(
    private readonly store: Store,
    private readonly vms: StoredVm[],
    /** Called after each commit with what changed. */
    private readonly onCommit: (changed: readonly { readonly id: string; readonly ips: string }[]) => void,
  ) {}

  /** Writes changes at this rate for this time. Returns their number. */
  async run({
    perSecond,
    seconds,
  }: {
    readonly perSecond: number;
    readonly seconds: number;
  }): Promise<number> {
    const size = Math.max(1, Math.round((perSecond * STEP_MS) / 1_000));
    const begunAt = performance.now();
    let written = 0;
    while (performance.now() - begunAt < seconds * 1_000) {
      await this.write(size);
      written += size;
      const dueMs = begunAt + (written / perSecond) * 1_000 - performance.now();
      if (dueMs > 0) await sleep(dueMs);
    }
    return written;
  }

  private async write(size: number): Promise<void> {
    batch += 1;
    const ips = `10.${(batch >> 16) & 255}.${(batch >> 8) & 255}.${batch & 255}`;
    const places = Array.from({ length: size }, (_, at) => (this.place + at) % this.vms.length);
    this.place += size;
    const before = places.map((place) => this.vms[place]!);
    await changeAllIps(this.store, before, ips);
    this.committedAt.set(ips, performance.now());
    for (const place of places) {
      const vm = this.vms[place]!;
      this.vms[place] = { ...vm, ips };
      this.counts.set(vm.id, (this.counts.get(vm.id) ?? 0) + 1);
    }
    this.onCommit(before.map(({ id }) => ({ id, ips })));
  }
}

/** Time between two commits. In a fleet of thousands of hosts, a pass commits every few hundredths of a second. */
const STEP_MS = 20;
