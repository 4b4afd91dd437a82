import { setTimeout as sleep } from "node:timers/promises";
import type { DataSource } from "typeorm";
import { appendChanges } from "../../../src/store/changes/append.js";
import type { LoggedChange } from "../../../src/store/changes/change-log.js";
import type { VmVersion } from "../../../src/store/changes/versions/vm-version.js";
import { runInTransaction } from "../../../src/store/postgres/sql.js";
import { HOST_A, id } from "../../support/builders/ids.js";

/** Numbers from 0 to 1 that are the same in every run. */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A VM whose name counts its changes. */
function countedVm(number: number, count: number): VmVersion {
  return {
    id: id(number),
    name: String(count),
    status: 1,
    hostId: HOST_A,
    ips: null,
    fqdn: null,
    silence: null,
    staleDetail: null,
    isMissing: false,
    interfaces: [],
    nics: [],
  };
}

/**
 * Writers that change few VMs at the same time. Each is in a transaction that has its number early, waits for the VM's
 * lock, and commits late or not at all. `counts` is told how many changes of each VM were committed.
 */
export async function writeAtRandom(
  dataSource: DataSource,
  counts: Map<number, number>,
  { writers, transactions, vms, random }: WriteOptions,
): Promise<void> {
  const write = async () => {
    for (let done = 0; done < transactions; done += 1) {
      const number = 1 + Math.floor(random() * vms);
      const isKept = random() > 0.15;
      const rollback = new Error("rolled back on purpose");
      await runInTransaction(dataSource, async (queryRunner) => {
        if (random() < 0.7) await queryRunner.query("SELECT pg_current_xact_id()");
        await sleep(random() * 8);
        await queryRunner.query("SELECT pg_advisory_xact_lock($1)", [number]);
        const count = counts.get(number) ?? 0;
        const [before, after] = [countedVm(number, count), countedVm(number, count + 1)];
        await appendChanges(queryRunner, [{ hostId: HOST_A, before, after }], random);
        await sleep(random() * 8);
        if (!isKept) throw rollback;
        // While the lock is held, nobody else counts this VM.
        counts.set(number, count + 1);
      }).catch((error: unknown) => {
        if (error !== rollback) throw error;
      });
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
}

interface WriteOptions {
  readonly writers: number;
  readonly transactions: number;
  readonly vms: number;
  readonly random: () => number;
}

/** The counts that changes brought, by VM, in the order in which they came. */
export function countsByVm(changes: readonly LoggedChange[]): Record<string, number[]> {
  const counts: Record<string, number[]> = {};
  for (const { vmId, delta } of changes) (counts[vmId] ??= []).push(Number(delta.name?.[1]));
  return counts;
}

/** The same as they were written: 1, 2, 3 … for each VM. */
export function expectedCounts(counts: ReadonlyMap<number, number>): Record<string, number[]> {
  return Object.fromEntries(
    [...counts].map(([number, count]) => [id(number), Array.from({ length: count }, (_, at) => at + 1)]),
  );
}
