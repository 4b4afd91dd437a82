import type { DataSource, QueryRunner } from "typeorm";
import { writeInterfaces } from "./interface-writes.js";
import { writeNics } from "./nic-writes.js";
import { noteValidSuccesses, type Success } from "./passes.js";
import { isStatementsOwnFailure } from "../postgres/errors.js";
import { affectedBy, inTransaction, rowsOf } from "../postgres/sql.js";
import { sendRows } from "./send-rows.js";
import { expectAll, SupersededError } from "./superseded-error.js";
import type { HostChanges, VmState } from "../types.js";
import { insertVms, updateVms, type VmChange } from "./vm-writes.js";

/** What one pass has to write. */
export interface PassWrite extends Success {
  readonly changes: HostChanges;
}

/**
 * Writes passes, each whole or not at all, and their hosts' successes with them. Returns how each pass ended, by host:
 * `true` if it was written, `false` if its claim was void, or a promise that rejects.
 *
 * A hundred small passes so cost one transaction. If that fails for a reason that only one of them may have caused, it is
 * rolled back, and each pass is written by itself.
 */
export async function applyPasses(
  dataSource: DataSource,
  writes: readonly PassWrite[],
): Promise<ReadonlyMap<string, boolean | Promise<boolean>>> {
  if (writes.length > 1) {
    try {
      const written = await inTransaction(dataSource, (queryRunner) => writeAll(queryRunner, writes));
      return new Map(writes.map(({ claim }) => [claim.hostId, written.has(claim.hostId)]));
    } catch (error) {
      if (!(error instanceof SupersededError) && !isStatementsOwnFailure(error)) throw error;
    }
  }
  const alone = new Map(writes.map((write) => [write.claim.hostId, applyAlone(dataSource, write)]));
  await Promise.allSettled(alone.values());
  return alone;
}

/** How much of a batch a pass takes. One that affects other hosts has a transaction of its own. */
export function weightOf({ claim, changes }: PassWrite): number {
  for (const hostId of findAffectedHosts(changes)) if (hostId !== claim.hostId) return Infinity;
  const rows = Object.values<readonly unknown[]>({ ...changes }).reduce((sum, list) => sum + list.length, 0);
  return Math.max(1, rows / ROWS_OF_WEIGHT_1);
}

/** `false`, and nothing written, if the claim is void or another host's pass came between. */
async function applyAlone(dataSource: DataSource, write: PassWrite): Promise<boolean> {
  try {
    const written = await inTransaction(dataSource, (queryRunner) => writeAll(queryRunner, [write]));
    return written.size === 1;
  } catch (error) {
    if (error instanceof SupersededError) return false;
    throw error;
  }
}

/** Writes the passes whose claim is valid; returns their hosts. */
async function writeAll(
  queryRunner: QueryRunner,
  writes: readonly PassWrite[],
): Promise<ReadonlySet<string>> {
  const valid = await lockForWriting(queryRunner, writes);
  const changes = mergeChanges(valid);
  await insertVms(queryRunner, changes.newVms);
  await updateVms(queryRunner, valid.flatMap(listVmChanges));
  await writeInterfaces(queryRunner, changes);
  await writeNics(queryRunner, changes);
  return new Set(valid.map(({ claim }) => claim.hostId));
}

/**
 * Locks what these passes write, and returns the passes whose claim is valid. Always in this order, so that no two
 * transactions wait for each other in a circle:
 * 1. lock the rows of all hosts that have or get a role with a VM of these passes, by id (only if there are others);
 * 2. check each claim's epoch, and note the success of the valid ones;
 * 3. raise the epoch of hosts whose role with a VM changes: what their own passes have read is no longer true. If one of
 *    them runs a pass that has waited for longer than ours, ours is superseded instead;
 * 4. lock the VMs of other hosts. One that is not as the pass read it, or that another transaction has locked, is not
 *    waited for, but voids the pass.
 * The hosts' own VMs need no lock: while their rows are locked, nobody else can take a VM of theirs.
 */
async function lockForWriting(
  queryRunner: QueryRunner,
  writes: readonly PassWrite[],
): Promise<readonly PassWrite[]> {
  const own = new Set(writes.map(({ claim }) => claim.hostId));
  const affected = new Set([...own, ...writes.flatMap(({ changes }) => [...findAffectedHosts(changes)])]);
  const waiting = affected.size > own.size ? await lockHosts(queryRunner, [...affected]) : NOBODY;
  const validHosts = await noteValidSuccesses(queryRunner, writes);
  const valid = writes.filter(({ claim }) => validHosts.has(claim.hostId));
  const invalidated = new Set(valid.flatMap(({ changes }) => [...findInvalidatedHosts(changes)]));
  for (const hostId of own) invalidated.delete(hostId);
  expectPrecedence(waiting, own, invalidated);
  if (invalidated.size > 0) {
    await affectedBy(
      queryRunner,
      "UPDATE vnic_graph_host SET epoch = epoch + 1 WHERE host_id = ANY($1::uuid[])",
      [[...invalidated]],
    );
  }
  await lockForeignVms(queryRunner, valid);
  return valid;
}

/** Locks the rows of hosts. Returns since when the passes of those have waited that were superseded before. */
async function lockHosts(
  queryRunner: QueryRunner,
  hostIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const rows = await rowsOf<{ id: string; since: number | null }>(queryRunner, LOCK_HOSTS, [hostIds]);
  return new Map(rows.flatMap(({ id, since }) => (since === null ? [] : [[id, since] as const])));
}

/**
 * A pass that was superseded once has precedence, so that two hosts that exchange VMs do not lose to each other for ever:
 * of two such passes the one that has waited for longer writes first. The other one tries again, and is then the elder.
 */
function expectPrecedence(
  waiting: ReadonlyMap<string, number>,
  own: ReadonlySet<string>,
  invalidated: ReadonlySet<string>,
): void {
  const order = (hostId: string) => waiting.get(hostId) ?? Infinity;
  const isBefore = (one: string, other: string) =>
    order(one) < order(other) || (order(one) === order(other) && one < other);
  for (const rival of invalidated) {
    if (!waiting.has(rival)) continue;
    for (const hostId of own) if (isBefore(rival, hostId)) throw new SupersededError();
  }
}

const NOBODY: ReadonlyMap<string, number> = new Map();

/**
 * A pass has precedence only while it runs, while its gateway is alive, and for no longer than twice the time that the host
 * needed last, or an interval: a host that hangs must not hold up others.
 */
const LOCK_HOSTS = `SELECT h.host_id AS id, CASE WHEN h.claimed_until > now()
    AND h.last_attempt_at + greatest(h.interval_ms, 2 * h.last_duration_ms, 1000) * interval '1 ms' > now()
    AND EXISTS (SELECT FROM vnic_graph_gateway g WHERE g.gateway_id = h.claimed_by AND g.alive_until > now())
  THEN extract(epoch FROM h.waiting_since)::float8 END AS since
FROM vnic_graph_host h WHERE h.host_id = ANY($1::uuid[]) ORDER BY h.host_id FOR UPDATE OF h`;

async function lockForeignVms(queryRunner: QueryRunner, writes: readonly PassWrite[]): Promise<void> {
  const foreign = writes.flatMap(({ claim, changes }) =>
    changes.changedVms.map(({ before }) => before).filter(({ ownerId }) => ownerId !== claim.hostId),
  );
  if (foreign.length === 0) return;
  const { source, parameters } = sendRows(foreign, {
    id: ["uuid", (vm) => vm.id],
    owner_id: ["uuid", (vm) => vm.ownerId],
  });
  const locked = await affectedBy(
    queryRunner,
    `SELECT FROM vm_dynamic d JOIN ${source} ON d.vm_guid = g.id AND d.run_on_vds IS NOT DISTINCT FROM g.owner_id
     FOR NO KEY UPDATE OF d SKIP LOCKED`,
    parameters,
  );
  expectAll(locked, foreign.length);
}

/** The hosts that have or get a role with a VM of the pass. */
function findAffectedHosts({ newVms, changedVms }: Pick<HostChanges, "newVms" | "changedVms">): Set<string> {
  const hosts = new Set<string>();
  const add = (vm: VmState): void => {
    for (const role of ROLES) if (vm[role] !== null) hosts.add(vm[role]);
  };
  for (const vm of newVms) add(vm);
  for (const { before, after } of changedVms) {
    add(before);
    add(after);
  }
  return hosts;
}

/** The hosts whose role with a VM the pass changes: what their own passes have read is no longer true. */
function findInvalidatedHosts({ newVms, changedVms }: HostChanges): Set<string> {
  const hosts = findAffectedHosts({ newVms, changedVms: [] });
  for (const { before, after } of changedVms) {
    for (const role of ROLES) {
      if (before[role] === after[role]) continue;
      if (before[role] !== null) hosts.add(before[role]);
      if (after[role] !== null) hosts.add(after[role]);
    }
  }
  return hosts;
}

function listVmChanges({ claim, changes }: PassWrite): VmChange[] {
  return changes.changedVms.map((change) => ({ ...change, hostId: claim.hostId }));
}

function mergeChanges(writes: readonly PassWrite[]): Omit<HostChanges, "changedVms"> {
  const all = writes.map(({ changes }) => changes);
  if (all.length === 1 && all[0] !== undefined) return all[0];
  return {
    newVms: all.flatMap(({ newVms }) => newVms),
    insertedInterfaces: all.flatMap(({ insertedInterfaces }) => insertedInterfaces),
    deletedInterfaces: all.flatMap(({ deletedInterfaces }) => deletedInterfaces),
    updatedInterfaces: all.flatMap(({ updatedInterfaces }) => updatedInterfaces),
    interfaceOrders: all.flatMap(({ interfaceOrders }) => interfaceOrders),
    upsertedNics: all.flatMap(({ upsertedNics }) => upsertedNics),
    deletedNics: all.flatMap(({ deletedNics }) => deletedNics),
  };
}

/** The roles that a host can have with a VM. */
const ROLES = ["ownerId", "incomingId", "contenderId"] as const;

/** With {@link createBatcher}'s 200, two thousand rows a transaction: it locks the rows of all its hosts until it ends. */
const ROWS_OF_WEIGHT_1 = 10;
