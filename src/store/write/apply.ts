import type { DataSource, QueryRunner } from "typeorm";
import { QueryFailedError } from "typeorm";
import { writeInterfaces } from "./interface-writes.js";
import { writeNics } from "./nic-writes.js";
import { noteRightful, type Success } from "./passes.js";
import { affectedBy, inTransaction } from "../postgres/sql.js";
import { expectAll, SupersededError } from "./superseded-error.js";
import type { HostChanges, VmState } from "../types.js";
import { insertVms, updateVms, type VmChange } from "./vm-writes.js";

/** What one pass has to write. */
export interface PassWrite extends Success {
  readonly changes: HostChanges;
}

/**
 * Writes passes, each whole or not at all, and their hosts' successes with them; how each ended, by host: whether it was
 * written, or what went wrong. What a hundred small passes have to say then costs one transaction. Where that meets
 * trouble of which one of them alone may be the cause, nothing of it stands, and each is written by itself.
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
      if (!(error instanceof SupersededError) && !isRefused(error)) throw error;
    }
  }
  const alone = new Map(writes.map((write) => [write.claim.hostId, applyAlone(dataSource, write)]));
  await Promise.allSettled(alone.values());
  return alone;
}

/** How much of a transaction a pass takes; one that touches other hosts' standings has its own. */
export function weightOf({ claim, changes }: PassWrite): number {
  for (const hostId of hostsConcerned(changes)) if (hostId !== claim.hostId) return Infinity;
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

/** The hosts whose passes are written now; the claims of the others are void. */
async function writeAll(
  queryRunner: QueryRunner,
  writes: readonly PassWrite[],
): Promise<ReadonlySet<string>> {
  const entitled = await takeRights(queryRunner, writes);
  const changes = together(entitled);
  await insertVms(queryRunner, changes.newVms);
  await updateVms(queryRunner, entitled.flatMap(changesOf));
  await writeInterfaces(queryRunner, changes);
  await writeNics(queryRunner, changes);
  return new Set(entitled.map(({ claim }) => claim.hostId));
}

/**
 * Takes the right to write what other passes could write too; the passes that have it. First the rows of all hosts that have or get a standing
 * with a VM of these passes, always in one order, so that no two transactions wait for each other in a circle; then the
 * fence. From there on nobody else can take a VM of these hosts, so their own VMs need no lock. VMs of others are not
 * waited for: one that is not as the pass assumed, or is in another's hands just now, voids it.
 */
async function takeRights(
  queryRunner: QueryRunner,
  writes: readonly PassWrite[],
): Promise<readonly PassWrite[]> {
  const own = new Set(writes.map(({ claim }) => claim.hostId));
  const concerned = new Set([...own, ...writes.flatMap(({ changes }) => [...hostsConcerned(changes)])]);
  if (concerned.size > own.size) {
    await affectedBy(
      queryRunner,
      "SELECT FROM vnic_graph_host WHERE host_id = ANY($1::uuid[]) ORDER BY host_id FOR UPDATE",
      [[...concerned]],
    );
  }
  const rightful = await noteRightful(queryRunner, writes);
  const entitled = writes.filter(({ claim }) => rightful.has(claim.hostId));
  const outdone = new Set(entitled.flatMap(({ changes }) => [...hostsOutdone(changes)]));
  for (const hostId of own) outdone.delete(hostId);
  if (outdone.size > 0) {
    await affectedBy(
      queryRunner,
      "UPDATE vnic_graph_host SET epoch = epoch + 1 WHERE host_id = ANY($1::uuid[])",
      [[...outdone]],
    );
  }
  const foreign = entitled.flatMap(({ claim, changes }) =>
    changes.changedVms.map(({ before }) => before).filter(({ ownerId }) => ownerId !== claim.hostId),
  );
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
  return entitled;
}

/** Hosts that have or get a standing with a VM of the pass. */
function hostsConcerned({ newVms, changedVms }: Pick<HostChanges, "newVms" | "changedVms">): Set<string> {
  const hosts = new Set<string>();
  const add = (vm: VmState): void => {
    for (const field of STANDINGS) if (vm[field] !== null) hosts.add(vm[field]);
  };
  for (const vm of newVms) add(vm);
  for (const { before, after } of changedVms) {
    add(before);
    add(after);
  }
  return hosts;
}

/** Hosts whose standing with a VM the pass changes: what their own passes have read is no longer true. */
function hostsOutdone({ newVms, changedVms }: HostChanges): Set<string> {
  const hosts = hostsConcerned({ newVms, changedVms: [] });
  for (const { before, after } of changedVms) {
    for (const field of STANDINGS) {
      if (before[field] === after[field]) continue;
      if (before[field] !== null) hosts.add(before[field]);
      if (after[field] !== null) hosts.add(after[field]);
    }
  }
  return hosts;
}

function changesOf({ claim, changes }: PassWrite): VmChange[] {
  return changes.changedVms.map((change) => ({ ...change, hostId: claim.hostId }));
}

function together(writes: readonly PassWrite[]): Omit<HostChanges, "changedVms"> {
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

/**
 * Whether PostgreSQL itself said no to a statement for what was in it: bad data, a constraint, one row meant twice, or a
 * deadlock. Any other failure, such as a lost connection, may have come after the commit.
 */
function isRefused(error: unknown): boolean {
  if (!(error instanceof QueryFailedError)) return false;
  const { code } = error.driverError as { readonly code?: unknown };
  return typeof code === "string" && /^(?:21|22|23|40)...$/.test(code);
}

const STANDINGS = ["ownerId", "incomingId", "contenderId"] as const;

/** Two thousand rows a transaction, with {@link gather}'s 200: it holds the rows of all its hosts until it ends. */
const ROWS_OF_WEIGHT_1 = 10;
