import { setTimeout as sleep } from "node:timers/promises";
import type { DataSource } from "typeorm";
import { appendChanges } from "../../src/store/changes/append.js";
import { toVersion } from "../../src/store/changes/versions/vm-version.js";
import { queryRows, runInTransaction } from "../../src/store/postgres/sql.js";
import { readStoredVmsIn } from "../../src/store/write/stored-vms.js";
import { HOST_A, id } from "../support/builders/ids.js";

/** What writers do. */
export interface SlowWrites {
  readonly writers: number;
  readonly transactions: number;
  readonly vms: number;
  readonly random: () => number;
}

/**
 * Writers that count VMs' changes in their last address. Each is in a transaction that has its number early, waits for
 * the VM's row, and commits late or not at all. The address of a VM is 10.0.0.0 plus the number of its changes.
 */
export async function writeSlowly(
  dataSource: DataSource,
  { writers, transactions, vms, random }: SlowWrites,
): Promise<void> {
  const write = async () => {
    for (let done = 0; done < transactions; done += 1) {
      const vmId = id(1 + Math.floor(random() * vms));
      const isKept = random() > 0.15;
      const rollback = new Error("rolled back on purpose");
      await runInTransaction(dataSource, async (queryRunner) => {
        if (random() < 0.7) await queryRunner.query("SELECT pg_current_xact_id()");
        await sleep(random() * 6);
        await queryRows(queryRunner, "SELECT FROM vm_dynamic WHERE vm_guid = $1 FOR UPDATE", [vmId]);
        const [stored] = await readStoredVmsIn(queryRunner, [], [vmId]);
        if (stored === undefined) throw new Error("the VM is not stored");
        const after = { ...stored, ips: toAddress(readCount(stored.ips) + 1) };
        await queryRunner.query("UPDATE vm_dynamic SET vm_ip = $2 WHERE vm_guid = $1", [vmId, after.ips]);
        const entry = { hostId: HOST_A, before: toVersion(stored), after: toVersion(after) };
        await appendChanges(queryRunner, [entry], random);
        await sleep(random() * 6);
        if (!isKept) throw rollback;
      }).catch((error: unknown) => {
        if (error !== rollback) throw error;
      });
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
}

/** The address that stands for a number of changes. */
export function toAddress(count: number): string {
  return `10.0.${count >> 8}.${count & 255}`;
}

/** The number of changes that a VM's address tells. */
export function readCount(ips: string | null): number {
  const [, , high = 0, low = 0] = (ips ?? "").split(".").map(Number);
  return high * 256 + low;
}
