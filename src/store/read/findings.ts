import { DRIFT_KINDS, type DriftKind } from "../../model/guest/drift.js";
import type {
  AddressConflictRow,
  DriftRow,
  FindingReads,
  GuestAddressRow,
  MacConflictRow,
} from "../finding-types.js";
import { readRecentVms } from "../changes/spans/recent-vms.js";
import {
  queryOptionalRows,
  queryRows,
  readInOneState,
  SqlParameters,
  type Queryable,
} from "../postgres/sql.js";
import { matchWithin, selectAddressConflicts } from "./address-conflicts.js";
import { unifyAddresses } from "./address-text.js";
import type { VmScopeSql } from "./conditions/scope.js";

/** Creates the reads for questions about many VMs at once. Each is one statement over our own tables. */
export function createFindingReads(
  database: Queryable,
  scope: VmScopeSql,
): Omit<FindingReads, "readNetworkStats"> {
  return {
    readGuestAddresses: async ({ inCidr, after, limit }) => {
      const parameters = new SqlParameters();
      const conditions = [matchWithin(inCidr, parameters), scope.hasVm("a.vm_id", parameters)];
      if (after !== null) {
        const position = `${parameters.add(after.address)}::inet, ${parameters.add(after.vmId)}::uuid`;
        conditions.push(`(a.address, a.vm_id) > (${position})`);
      }
      const rows = await queryRows<GuestAddressRow>(
        database,
        `SELECT host(a.address) AS address, a.vm_id AS "vmId" FROM vnic_graph_address a
         WHERE ${conditions.join(" AND ")} ORDER BY a.address, a.vm_id LIMIT ${parameters.add(limit)}`,
        parameters.values,
      );
      return unifyAddresses(rows);
    },
    countGuestAddresses: ({ inCidr }) => {
      const parameters = new SqlParameters();
      const where = `${matchWithin(inCidr, parameters)} AND ${scope.hasVm("a.vm_id", parameters)}`;
      return count(database, `SELECT FROM vnic_graph_address a WHERE ${where}`, parameters);
    },
    readAddressConflicts: (question) =>
      readInOneState(database, async (state) => {
        const parameters = new SqlParameters();
        const recent = await readRecentVms(state);
        const conflicts = selectAddressConflicts(question, scope, parameters, { recent });
        const rows = await queryRows<AddressConflictRow>(
          state,
          `SELECT host(address) AS address, vm_count::int AS "vmCount", vm_ids AS "vmIds" FROM (${conflicts}) c
           ORDER BY c.address LIMIT ${parameters.add(question.limit)}`,
          parameters.values,
        );
        return unifyAddresses(rows);
      }),
    countAddressConflicts: (question) =>
      readInOneState(database, async (state) => {
        const parameters = new SqlParameters();
        const recent = await readRecentVms(state);
        const conflicts = selectAddressConflicts({ ...question, after: null }, scope, parameters, { recent });
        return count(state, conflicts, parameters);
      }),
    readMacConflicts: ({ after, limit }) => {
      const parameters = new SqlParameters();
      const conflicts = selectMacConflicts(after, scope, parameters);
      return queryRows<MacConflictRow>(
        database,
        `${conflicts} ORDER BY shared.mac_addr LIMIT ${parameters.add(limit)}`,
        parameters.values,
      );
    },
    countMacConflicts: () => {
      const parameters = new SqlParameters();
      return count(database, selectMacConflicts(null, scope, parameters), parameters);
    },
    readDrift: async ({ kinds, after, limit }) => {
      const parameters = new SqlParameters();
      const conditions = [matchKinds(kinds, parameters), scope.hasVm("f.vm_id", parameters)];
      if (after !== null) {
        const { vmId, kindNumber, key } = after;
        const position = `${parameters.add(vmId)}::uuid, ${parameters.add(kindNumber)}::smallint, ${parameters.add(key)}::text`;
        conditions.push(`(f.vm_id, f.kind, f.key) > (${position})`);
      }
      const rows = await queryRows<Omit<DriftRow, "kind">>(
        database,
        `SELECT f.vm_id AS "vmId", f.kind AS "kindNumber", f.key, f.nic_id AS "nicId", f.device_name AS "deviceName",
           f.device_mac AS "deviceMac"
         FROM vnic_graph_drift f WHERE ${conditions.join(" AND ")}
         ORDER BY f.vm_id, f.kind, f.key LIMIT ${parameters.add(limit)}`,
        parameters.values,
      );
      return rows.map((row) => ({ ...row, kind: KIND_BY_NUMBER[row.kindNumber] ?? "DEVICE_UNKNOWN" }));
    },
    countDrift: ({ kinds }) => {
      const parameters = new SqlParameters();
      const where = `${matchKinds(kinds, parameters)} AND ${scope.hasVm("f.vm_id", parameters)}`;
      return count(database, `SELECT FROM vnic_graph_drift f WHERE ${where}`, parameters);
    },
  };
}

function selectMacConflicts(after: string | null, scope: VmScopeSql, parameters: SqlParameters): string {
  const isBehind = after === null ? "true" : `n.mac_addr > ${parameters.add(after)}::varchar`;
  return `SELECT shared.mac_addr AS "macAddress", vms.count::int AS "vmCount"
    FROM (SELECT n.mac_addr FROM vm_interface n WHERE n.mac_addr IS NOT NULL AND ${isBehind}
      GROUP BY n.mac_addr HAVING count(*) > 1) shared
    CROSS JOIN LATERAL (SELECT count(DISTINCT n.vm_guid) AS count FROM vm_interface n
      WHERE n.mac_addr = shared.mac_addr AND ${scope.hasVm("n.vm_guid", parameters)}) vms
    WHERE vms.count > 1`;
}

function matchKinds(kinds: readonly DriftKind[] | null, parameters: SqlParameters): string {
  if (kinds === null) return "true";
  return `f.kind = ANY(${parameters.add(kinds.map((kind) => DRIFT_KINDS[kind]))}::smallint[])`;
}

const KIND_BY_NUMBER = Object.fromEntries(
  Object.entries(DRIFT_KINDS).map(([kind, number]) => [number, kind as DriftKind]),
) as Readonly<Record<number, DriftKind>>;

async function count(database: Queryable, select: string, { values }: SqlParameters): Promise<number> {
  const sql = `SELECT count(*)::int AS count FROM (${select}) counted`;
  const [row] = await queryOptionalRows<{ count: number }>(database, sql, values);
  return row?.count ?? 0;
}
