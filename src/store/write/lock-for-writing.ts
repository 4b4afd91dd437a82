import type { QueryRunner } from "typeorm";
import { executeIn, queryRows } from "../postgres/sql.js";
import type { HostChanges, VmState } from "../types.js";
import { noteValidSuccesses, type PassWrite } from "./passes.js";
import { sendRows } from "./send-rows.js";
import { expectAll, SupersededError } from "./superseded-error.js";

/**
 * Locks what these passes write, and returns the passes whose claim is valid. The order is always the same, so that no two
 * transactions wait for each other in a circle:
 * 1. lock the rows of all hosts that have or get a role with a VM of these passes, by id (only if there are other hosts);
 * 2. check each claim's epoch, and note the success of the valid ones;
 * 3. raise the epoch of other hosts whose role with a VM changes, because their own passes have read old data. If one of
 *    them runs a pass that has waited for longer than ours, ours is superseded instead;
 * 4. lock the VMs of other hosts. If a VM is not as the pass read it, or another transaction has locked it, the pass is
 *    superseded; it does not wait.
 *
 * The hosts' own VMs need no lock: while their hosts' rows are locked, nobody else can take them.
 */
export async function lockForWriting(
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
    await executeIn(
      queryRunner,
      "UPDATE vnic_graph_host SET epoch = epoch + 1 WHERE host_id = ANY($1::uuid[])",
      [[...invalidated]],
    );
  }
  await lockForeignVms(queryRunner, valid);
  return valid;
}

/** Locks the rows of hosts. Returns since when each of them has waited, if its passes were superseded before. */
async function lockHosts(
  queryRunner: QueryRunner,
  hostIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const rows = await queryRows<{ id: string; since: number | null }>(queryRunner, LOCK_HOSTS, [hostIds]);
  return new Map(rows.flatMap(({ id, since }) => (since === null ? [] : [[id, since] as const])));
}

/**
 * Supersedes our passes if another host's pass has precedence. A pass that was superseded once has precedence over others,
 * because otherwise two hosts that exchange VMs could lose to each other for ever. Of two such passes, the one that has
 * waited for longer writes first. The other one tries again, and has then waited for longer itself.
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
 * Locks hosts, and finds since when their passes have precedence. A pass has precedence only while it runs and its gateway
 * is alive, and at most for an interval or twice the time of the host's last pass, but for two intervals. So a host that hangs
 * or is slow does not delay others for long.
 */
const LOCK_HOSTS = `SELECT h.host_id AS id, CASE WHEN h.claimed_until > now()
    AND h.last_attempt_at + least(2 * h.interval_ms, greatest(h.interval_ms, 2 * h.last_duration_ms, 1000)) * interval '1 ms' > now()
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
  const locked = await executeIn(
    queryRunner,
    `SELECT FROM vm_dynamic d JOIN ${source} ON d.vm_guid = g.id AND d.run_on_vds IS NOT DISTINCT FROM g.owner_id
     FOR NO KEY UPDATE OF d SKIP LOCKED`,
    parameters,
  );
  expectAll(locked, foreign.length);
}

/** Finds the hosts that have or get a role with a VM of the pass. */
export function findAffectedHosts({
  newVms,
  changedVms,
}: Pick<HostChanges, "newVms" | "changedVms">): Set<string> {
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

/** Finds the hosts whose role with a VM the pass changes. Their own passes have read old data. */
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

/** The roles that a host can have with a VM. */
const ROLES = ["ownerId", "incomingId", "contenderId"] as const;
