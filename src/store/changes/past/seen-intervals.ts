import { formatExactTime } from "../../postgres/exact-time.js";
import { groupByVm, queryRows, SqlParameters, type Queryable } from "../../postgres/sql.js";
import { createVmScopeSql } from "../../read/conditions/scope.js";
import { isInScope, type ScopedVm } from "../../read/conditions/scope-match.js";
import type { VmScope } from "../../types.js";
import { ALL_KINDS, CHANGE_KIND } from "../kinds.js";

/** A time during which a VM was in a scope. It lies between two changes of the VM and includes neither. */
export interface SeenInterval {
  readonly vmId: string;
  readonly fromAt: string;
  readonly fromSeq: string;
  readonly toAt: string;
  readonly toSeq: string;
}

/**
 * Reads when each VM was in a scope, the latest interval first. A VM that is not in the scope now has no interval, so that
 * a new name or a new host does not show what was hidden. For a VM that is not stored any more, its past alone decides.
 */
export async function readSeenIntervals(
  database: Queryable,
  vmIds: readonly string[],
  scope: VmScope,
): Promise<SeenInterval[]> {
  const now = await readSeenNow(database, vmIds, scope);
  if (now.length === 0) return [];
  const moves = groupByVm(
    await readMoves(
      database,
      now.map(({ id }) => id),
    ),
  );
  return now.flatMap((vm) => listIntervals(vm, moves.get(vm.id) ?? [], scope));
}

/**
 * Reads the name and the host of those VMs that are in the scope now. VMs that are not stored are included, without name
 * and host.
 */
export async function readSeenNow(
  database: Queryable,
  vmIds: readonly string[],
  scope: VmScope,
): Promise<CurrentVm[]> {
  const parameters = new SqlParameters();
  const ids = parameters.add(vmIds);
  const rows = await queryRows<CurrentVm>(
    database,
    `SELECT g.id, s.vm_name AS name, d.run_on_vds AS "hostId"
     FROM unnest(${ids}::uuid[]) AS g(id)
     LEFT JOIN (vm_static s JOIN vm_dynamic d ON d.vm_guid = s.vm_guid) ON s.vm_guid = g.id
     WHERE s.vm_guid IS NULL OR ${createVmScopeSql(scope).isVm(parameters)}`,
    parameters.values,
  );
  return rows;
}

/** A VM as it is now; `name` is `null` if it is not stored any more. */
interface CurrentVm {
  readonly id: string;
  readonly name: string | null;
  readonly hostId: string | null;
}

/** A change of a VM's name or host, on which scopes depend. */
interface Move {
  readonly vmId: string;
  readonly at: string;
  readonly seq: string;
  readonly isNew: boolean;
  readonly name: readonly [string, string] | null;
  readonly host: readonly [string | null, string | null] | null;
  /** The values before the change, if the row holds the complete VM. */
  readonly fullName: string | null;
  readonly fullHost: string | null;
}

/** Reads the changes by which VMs may come into a scope or leave it, newest first. */
function readMoves(database: Queryable, vmIds: readonly string[]): Promise<Move[]> {
  return queryRows<Move>(
    database,
    `SELECT c.vm_id AS "vmId", ${formatExactTime("c.at")} AS at, c.seq,
       c.delta->'new' IS NOT NULL AS "isNew", c.delta->'name' AS name, c.delta->'host' AS host,
       c.delta->'full'->>'name' AS "fullName", c.delta->'full'->>'hostId' AS "fullHost"
     FROM vnic_graph_change c
     WHERE c.vm_id = ANY($1::uuid[]) AND (c.kinds & ${MOVES} <> 0 OR c.kinds & ${ALL_KINDS} = 0)
     ORDER BY c.vm_id, c.at DESC, c.seq DESC`,
    [vmIds],
  );
}

const MOVES = CHANGE_KIND.NEW | CHANGE_KIND.NAME | CHANGE_KIND.HOST;

function listIntervals(current: CurrentVm, moves: readonly Move[], scope: VmScope): SeenInterval[] {
  const intervals: SeenInterval[] = [];
  let vm: ScopedVm | null = current.name === null ? null : { ...current, name: current.name };
  let end: Pick<Move, "at" | "seq"> | null = vm === null ? null : { at: "infinity", seq: "0" };
  const close = (fromAt: string, fromSeq: string) => {
    if (end !== null) intervals.push({ vmId: current.id, fromAt, fromSeq, toAt: end.at, toSeq: end.seq });
    end = null;
  };
  for (const move of moves) {
    const before = undoMove(current.id, vm, move);
    // The interval includes the change that made the VM known: who may see a new VM may see that it is new.
    if (before === null) close(move.at, (BigInt(move.seq) - 1n).toString());
    else if (!isInScope(scope, before)) close(move.at, move.seq);
    else end ??= { at: move.at, seq: move.seq };
    vm = before;
  }
  close("-infinity", "0");
  return intervals;
}

function undoMove(id: string, vm: ScopedVm | null, move: Move): ScopedVm | null {
  if (move.isNew) return null;
  if (move.fullName !== null) return { id, name: move.fullName, hostId: move.fullHost };
  if (vm === null) return null;
  return {
    id,
    name: move.name === null ? vm.name : move.name[0],
    hostId: move.host === null ? vm.hostId : move.host[0],
  };
}
