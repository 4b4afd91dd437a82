import type { DataSource, QueryRunner } from "typeorm";
import { affectedBy, execute, inTransaction } from "./sql.js";
import type { HostChanges, HostClaim, HostFailure, VmState } from "./types.js";
import { writeInterfaces } from "./interface-writes.js";
import { writeNics } from "./nic-writes.js";
import { Superseded, expectAll } from "./superseded.js";
import { insertVms, updateVms } from "./vm-writes.js";

/** Begins a pass: raises the host's epoch by one and notes the attempt. */
export async function claimHost(dataSource: DataSource, hostId: string): Promise<HostClaim> {
  const queryRunner = dataSource.createQueryRunner();
  try {
    const { records } = await queryRunner.query(
      `UPDATE vnic_graph_host SET epoch = epoch + 1, last_attempt_at = now() WHERE host_id = $1 AND active
       RETURNING epoch`,
      [hostId],
      true,
    );
    const [row] = records as { epoch: string }[];
    if (row === undefined) throw new Error(`host ${hostId} is not polled: add it first`);
    return { hostId, epoch: BigInt(row.epoch) };
  } finally {
    await queryRunner.release();
  }
}

/** Notes that a pass failed; touches no VM. `false` if the claim is void. */
export async function failPass(
  dataSource: DataSource,
  { hostId, epoch }: HostClaim,
  { kind, message }: HostFailure,
  durationMs: number,
): Promise<boolean> {
  const noted = await execute(
    dataSource,
    `UPDATE vnic_graph_host SET last_error_kind = $3, last_error = $4, last_duration_ms = $5
     WHERE host_id = $1 AND epoch = $2`,
    [hostId, epoch.toString(), kind, message, Math.round(durationMs)],
  );
  return noted === 1;
}

/**
 * Writes a pass in one transaction, and the host's success with it; `false`, and nothing written, if the claim is void
 * or another host's pass came between.
 */
export async function applyPass(
  dataSource: DataSource,
  claim: HostClaim,
  changes: HostChanges,
  pass: { readonly vmCount: number; readonly durationMs: number },
): Promise<boolean> {
  const success = [claim.hostId, claim.epoch.toString(), pass.vmCount, Math.round(pass.durationMs)];
  if (Object.values(changes).every((list: readonly unknown[]) => list.length === 0)) {
    return (await execute(dataSource, `${FENCE} AND ${UNSYNCED}`, success)) === 1;
  }
  try {
    await inTransaction(dataSource, async (queryRunner) => {
      await takeRights(queryRunner, claim.hostId, changes, success);
      await insertVms(queryRunner, changes.newVms);
      await updateVms(queryRunner, claim.hostId, changes.changedVms);
      await writeInterfaces(queryRunner, changes);
      await writeNics(queryRunner, changes);
    });
    return true;
  } catch (error) {
    if (error instanceof Superseded) return false;
    throw error;
  }
}

/**
 * Takes the right to write what other passes could write too. First the rows of all hosts that have or get a standing
 * with a VM of this pass, always in one order, so that no two passes wait for each other in a circle; then the fence.
 * From there on nobody else can take a VM of this host, so its own VMs need no lock. VMs of others are not waited for:
 * one that is not as the pass assumed, or is in another's hands just now, voids it.
 */
async function takeRights(
  queryRunner: QueryRunner,
  hostId: string,
  { newVms, changedVms }: HostChanges,
  success: unknown[],
): Promise<void> {
  const concerned = new Set(
    [...newVms, ...changedVms.flatMap(({ before, after }) => [before, after])].flatMap(hostsOf),
  );
  concerned.add(hostId);
  if (concerned.size > 1) {
    await affectedBy(
      queryRunner,
      "SELECT FROM vnic_graph_host WHERE host_id = ANY($1::uuid[]) ORDER BY host_id FOR UPDATE",
      [[...concerned]],
    );
  }
  expectAll(await affectedBy(queryRunner, FENCE, success), 1);
  const outdone = new Set([...newVms.flatMap(hostsOf), ...changedVms.flatMap(standingsChanged)]);
  outdone.delete(hostId);
  if (outdone.size > 0) {
    await affectedBy(
      queryRunner,
      "UPDATE vnic_graph_host SET epoch = epoch + 1 WHERE host_id = ANY($1::uuid[])",
      [[...outdone]],
    );
  }
  const foreign = changedVms.map(({ before }) => before).filter(({ ownerId }) => ownerId !== hostId);
  if (foreign.length > 0) {
    const locked = await affectedBy(
      queryRunner,
      `SELECT FROM vm_dynamic d JOIN unnest($1::uuid[], $2::uuid[]) AS g(id, owner_id)
         ON d.vm_guid = g.id AND d.run_on_vds IS NOT DISTINCT FROM g.owner_id
       FOR NO KEY UPDATE OF d SKIP LOCKED`,
      [foreign.map((vm) => vm.id), foreign.map((vm) => vm.ownerId)],
    );
    expectAll(locked, foreign.length);
  }
}

function hostsOf({ ownerId, incomingId, contenderId }: VmState): string[] {
  return [ownerId, incomingId, contenderId].filter((id) => id !== null);
}

function standingsChanged({ before, after }: { before: VmState; after: VmState }): string[] {
  const changed: string[] = [];
  for (const field of ["ownerId", "incomingId", "contenderId"] as const) {
    if (before[field] === after[field]) continue;
    changed.push(...[before[field], after[field]].filter((id) => id !== null));
  }
  return changed;
}

const FENCE = `UPDATE vnic_graph_host SET previous_success_at = last_success_at, last_success_at = now(),
  last_error_kind = NULL, last_error = NULL, vm_count = $3, last_duration_ms = $4
WHERE host_id = $1 AND epoch = $2`;

/**
 * Lets the commit of this statement not wait for the disk. Most passes find nothing new, thousands of them a minute; what
 * a crash of PostgreSQL can take back is the last half second of their time stamps, never a claim and never a VM's data.
 */
const UNSYNCED = "set_config('synchronous_commit', 'off', true) = 'off'";
