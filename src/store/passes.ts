import type { DataSource, QueryRunner } from "typeorm";
import { affectedBy, changedRows, execute, inTransaction } from "./sql.js";
import type { HostChanges, HostClaim, HostFailure, VmState } from "./types.js";
import { writeInterfaces } from "./interface-writes.js";
import { writeNics } from "./nic-writes.js";
import { Superseded, expectAll } from "./superseded.js";
import { insertVms, updateVms } from "./vm-writes.js";

/** Begins passes: raises each host's epoch by one and notes the attempt. The epochs by host; of those that are polled. */
export async function claimHosts(
  dataSource: DataSource,
  hostIds: readonly string[],
): Promise<ReadonlyMap<string, HostClaim>> {
  const rows = await changedRows<{ host_id: string; epoch: string }>(
    dataSource,
    `WITH mine AS (SELECT host_id FROM vnic_graph_host WHERE host_id = ANY($1::uuid[]) AND active
       ORDER BY host_id FOR NO KEY UPDATE)
     UPDATE vnic_graph_host h SET epoch = h.epoch + 1, last_attempt_at = now() FROM mine
     WHERE h.host_id = mine.host_id RETURNING h.host_id, h.epoch`,
    [hostIds],
  );
  return new Map(rows.map(({ host_id: hostId, epoch }) => [hostId, { hostId, epoch: BigInt(epoch) }]));
}

/** What a pass tells of itself when it was a success. */
export interface Success {
  readonly claim: HostClaim;
  readonly vmCount: number;
  readonly durationMs: number;
}

/**
 * Notes the success of passes that found nothing new; returns the hosts whose claim was not void. Their commit does not
 * wait for the disk: what a crash of PostgreSQL can take back is the last half second of time stamps, never a claim and
 * never a VM's data.
 */
export async function noteSuccesses(
  dataSource: DataSource,
  passes: readonly Success[],
): Promise<ReadonlyMap<string, true>> {
  const rows = await changedRows<{ host_id: string }>(
    dataSource,
    `WITH mine AS (SELECT h.host_id, g.epoch, g.vms, g.ms FROM vnic_graph_host h
         JOIN unnest($1::uuid[], $2::bigint[], $3::int[], $4::int[]) AS g(id, epoch, vms, ms) ON h.host_id = g.id
       ORDER BY h.host_id FOR NO KEY UPDATE OF h)
     UPDATE vnic_graph_host h SET ${SUCCESS}, vm_count = mine.vms, last_duration_ms = mine.ms FROM mine
     WHERE h.host_id = mine.host_id AND h.epoch = mine.epoch
       AND set_config('synchronous_commit', 'off', true) = 'off' RETURNING h.host_id`,
    [
      passes.map(({ claim }) => claim.hostId),
      passes.map(({ claim }) => claim.epoch.toString()),
      passes.map(({ vmCount }) => vmCount),
      passes.map(({ durationMs }) => Math.round(durationMs)),
    ],
  );
  return new Map(rows.map(({ host_id: hostId }) => [hostId, true]));
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

/** `true` if a pass has nothing to write but its success. */
export function isWithoutNews(changes: HostChanges): boolean {
  return Object.values(changes).every((list: readonly unknown[]) => list.length === 0);
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

const SUCCESS = `previous_success_at = h.last_success_at, last_success_at = now(),
  last_error_kind = NULL, last_error = NULL`;

const FENCE = `UPDATE vnic_graph_host h SET ${SUCCESS}, vm_count = $3, last_duration_ms = $4
WHERE h.host_id = $1 AND h.epoch = $2`;
