import type { DataSource, QueryRunner } from "typeorm";
import { findSqlState, isStatementsOwnFailure } from "../postgres/errors.js";
import { writeInterfaces } from "./interfaces/interface-writes.js";
import { updateDrift } from "./drift-writes.js";
import { updateAddresses } from "./address-writes.js";
import { writeNics } from "./nic-writes.js";
import { findAffectedHosts, lockForWriting } from "./lock-for-writing.js";
import { countRows, type PassWrite } from "./passes.js";
import { runInTransaction } from "../postgres/sql.js";
import { sendInTurns } from "./send-in-turns.js";
import { SupersededError } from "./superseded-error.js";
import { makeMissingPartitions } from "../changes/partitions.js";
import { appendChanges } from "../changes/append.js";
import { toVersion, type VmChangeEntry } from "../changes/versions/vm-version.js";
import type { HostChanges } from "../types.js";
import { insertVms, updateVms, type VmChange } from "./vm-writes.js";

/**
 * Writes passes in one transaction, with the successes of their hosts: a hundred small passes cost one transaction. Returns
 * by host how each pass ended: `true` if it was written, `false` if its claim is invalid. A pass that has to be written
 * alone is absent from the result, for one of two reasons:
 * 1. Another session has locked its host's row, or its claim is invalid.
 * 2. The transaction was rolled back, for a reason that one of its passes may have caused.
 */
export async function applyPasses(
  dataSource: DataSource,
  writes: readonly PassWrite[],
): Promise<ReadonlyMap<string, boolean>> {
  const [first] = writes;
  if (first !== undefined && writes.length === 1) {
    return new Map([[first.claim.hostId, await applyAlone(dataSource, first)]]);
  }
  try {
    const written = await runInTransaction(dataSource, (queryRunner) => writeAll(queryRunner, writes));
    return new Map([...written].map((hostId) => [hostId, true]));
  } catch (error) {
    if (!(error instanceof SupersededError) && !isStatementsOwnFailure(error)) throw error;
    return new Map();
  }
}

/** Computes how much of a batch a pass takes. A pass that affects other hosts gets a transaction of its own. */
export function computeWeight({ claim, changes }: PassWrite): number {
  for (const hostId of findAffectedHosts(changes)) if (hostId !== claim.hostId) return Infinity;
  return Math.max(1, countRows(changes) / ROWS_OF_WEIGHT_1);
}

/** Writes one pass. Returns `false`, and writes nothing, if the claim is invalid or another host's pass came between. */
export async function applyAlone(dataSource: DataSource, write: PassWrite): Promise<boolean> {
  const attempt = () => runInTransaction(dataSource, (queryRunner) => writeAll(queryRunner, [write]));
  try {
    const written = await attempt().catch(async (error: unknown) => {
      if (!isPartitionMissing(error)) throw error;
      await makeMissingPartitions(dataSource, null);
      return attempt();
    });
    return written.size === 1;
  } catch (error) {
    if (error instanceof SupersededError) return false;
    throw error;
  }
}

/** Writes the passes whose claim is valid. Returns the ids of their hosts. */
async function writeAll(
  queryRunner: QueryRunner,
  writes: readonly PassWrite[],
): Promise<ReadonlySet<string>> {
  const valid = await lockForWriting(queryRunner, writes);
  const changes = mergeChanges(valid);
  const changedVms = valid.flatMap((write) => write.changes.changedVms);
  const writeGuests = [
    () => insertVms(queryRunner, changes.newVms, changes.interfaceOrders),
    () => updateVms(queryRunner, valid.flatMap(listVmChanges)),
    () => writeInterfaces(queryRunner, { ...changes, interfaceOrders: listKnownOrders(changes) }),
  ];
  const writeRest = [
    () => writeNics(queryRunner, changes),
    () => updateAddresses(queryRunner, { ...changes, changedVms }),
    () =>
      updateDrift(
        queryRunner,
        valid.flatMap(({ visibleChanges }) => visibleChanges),
      ),
    () => appendChanges(queryRunner, listEntries(valid)),
  ];
  // Updates of interfaces depend on the database's answers. No other statement may be sent in between.
  if (changes.updatedInterfaces.length === 0) {
    await sendInTurns([...writeGuests, ...writeRest]);
  } else {
    await sendInTurns(writeGuests);
    await sendInTurns(writeRest);
  }
  return new Set(valid.map(({ claim }) => claim.hostId));
}

function listVmChanges({ claim, changes }: PassWrite): VmChange[] {
  return changes.changedVms.map((change) => ({ ...change, hostId: claim.hostId }));
}

/** Yields the changes that readers see, one at a time. So the versions of thousands of VMs are never in memory together. */
function* listEntries(writes: readonly PassWrite[]): Generator<VmChangeEntry> {
  for (const { claim, visibleChanges } of writes) {
    for (const { before, after } of visibleChanges) {
      yield {
        hostId: claim.hostId,
        before: before === null ? null : toVersion(before),
        after: toVersion(after),
      };
    }
  }
}

/** Lists the orders of VMs that are stored already. The orders of new VMs are inserted with the VMs. */
function listKnownOrders({ newVms, interfaceOrders }: Omit<HostChanges, "changedVms">) {
  const isNew = new Set(newVms.map(({ id }) => id));
  return interfaceOrders.filter(({ vmId }) => !isNew.has(vmId));
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

/** Returns `true` if the change log has no partition for this time, as after a long time without maintenance. */
function isPartitionMissing(error: unknown): boolean {
  return findSqlState(error) === CHECK_VIOLATION && String(error).includes("no partition of relation");
}

const CHECK_VIOLATION = "23514";

/**
 * Limits a transaction to two thousand rows, as {@link createBatcher}'s limit is 200. It locks the rows of all its hosts
 * until it ends.
 */
const ROWS_OF_WEIGHT_1 = 10;
