import { formatExactTime, roundUpTime } from "../../postgres/exact-time.js";
import { groupByVm, queryRows, type Queryable } from "../../postgres/sql.js";
import { readStoredVmsIn } from "../../write/stored-vms.js";
import { undoChanges } from "../past/past-versions.js";
import type { VmDelta } from "../versions/vm-delta.js";
import { toVersion } from "../versions/vm-version.js";
import type { VmVersion } from "../versions/version-types.js";
import type { SpanChange } from "./follow-spans.js";
import { compareHeldAddresses, listHeldAddresses, type HeldAddress } from "./held-addresses.js";

/** Identifies a row of the log. */
export interface LogRowId {
  readonly tx: bigint;
  readonly seq: bigint;
}

/** All changes of a VM's addresses, oldest first, and the addresses that it had before them. */
export interface AddressChanges {
  readonly changes: readonly SpanChange[];
  readonly heldBefore: readonly HeldAddress[];
}

/**
 * Reads how the addresses of VMs changed, from the present backwards. Changes for which `isCounted` returns `false` are
 * undone but not returned, so that a caller can leave out the newest ones. Ends for each VM before the first change for
 * which `isLast` returns `true`.
 */
export async function readAddressChanges(
  database: Queryable,
  vmIds: readonly string[],
  isCounted: (rowId: LogRowId) => boolean,
  isLast: (rowId: LogRowId) => boolean = () => false,
): Promise<ReadonlyMap<string, AddressChanges>> {
  const current = await readStoredVmsIn(database, [], vmIds);
  const versions = new Map<string, VmVersion | null>(current.map((vm) => [vm.id, toVersion(vm)]));
  const changesByVm = new Map<string, SpanChange[]>(vmIds.map((vmId) => [vmId, []]));
  let positions = vmIds.map((vmId) => ({ vmId, at: "infinity", seq: "0" }));
  while (positions.length > 0) {
    const rows = groupByVm(await readOlder(database, positions));
    positions = [];
    for (const [vmId, older] of rows) {
      let isDone = older.length < CHUNK;
      for (const row of older) {
        const rowId = { tx: BigInt(row.tx), seq: BigInt(row.seq) };
        if (isLast(rowId)) {
          isDone = true;
          break;
        }
        const after = versions.get(vmId) ?? null;
        const before = undoChanges(vmId, after, [row]);
        versions.set(vmId, before);
        if (!isCounted(rowId)) continue;
        const change = compareHeldAddresses(before, after);
        if (change.lost.length + change.got.length === 0) continue;
        changesByVm.get(vmId)?.push({ ...change, at: row.roundedAt, seq: rowId.seq });
      }
      const last = older.at(-1);
      if (!isDone && last !== undefined) positions.push({ vmId, at: last.at, seq: last.seq });
    }
  }
  return new Map(
    vmIds.map((vmId) => [
      vmId,
      {
        changes: (changesByVm.get(vmId) ?? []).toReversed(),
        heldBefore: listHeldAddresses(versions.get(vmId) ?? null),
      },
    ]),
  );
}

interface OlderRow {
  readonly vmId: string;
  readonly at: string;
  readonly roundedAt: Date;
  readonly seq: string;
  readonly tx: string;
  readonly delta: VmDelta;
}

function readOlder(
  database: Queryable,
  positions: readonly { readonly vmId: string; readonly at: string; readonly seq: string }[],
): Promise<OlderRow[]> {
  return queryRows<OlderRow>(
    database,
    `SELECT c.vm_id AS "vmId", ${formatExactTime("c.at")} AS at,
       ${roundUpTime("c.at")} AS "roundedAt", c.seq, c.tx, c.delta
     FROM unnest($1::uuid[], $2::timestamptz[], $3::bigint[]) AS g(id, at, seq)
     CROSS JOIN LATERAL (
       SELECT c.vm_id, c.at, c.seq, c.tx, c.delta FROM vnic_graph_change c
       WHERE c.vm_id = g.id AND (c.at, c.seq) < (g.at, g.seq)
       ORDER BY c.at DESC, c.seq DESC LIMIT ${CHUNK}) AS c
     ORDER BY c.vm_id, c.at DESC, c.seq DESC`,
    [positions.map(({ vmId }) => vmId), positions.map(({ at }) => at), positions.map(({ seq }) => seq)],
  );
}

/** The number of changes of a VM that one statement reads. */
const CHUNK = 500;
