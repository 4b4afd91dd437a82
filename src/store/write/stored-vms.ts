import type { DataSource } from "typeorm";
import type { InterfaceNames } from "../read/guest-interfaces.js";
import { readInterfacesInOrder } from "../read/guest-interfaces.js";
import { readNics } from "../read/nic-reads.js";
import { ALL_VMS } from "../read/conditions/scope.js";
import { groupByVm, runInTransaction, queryRows, type Queryable } from "../postgres/sql.js";
import type { StoredVm, VmState } from "../types.js";

/** Selects the VMs that a pass needs: those with these ids, and those with which one of the hosts has a role. */
export interface StoredVmsQuestion {
  readonly hostIds: readonly string[];
  readonly vmIds: readonly string[];
}

/** Answers the questions of several passes from one state of the database. Costs as many statements as one question. */
export async function readStoredVms(
  dataSource: DataSource,
  questions: readonly StoredVmsQuestion[],
): Promise<ReadonlyMap<StoredVmsQuestion, StoredVm[]>> {
  const hostIds = questions.flatMap((question) => question.hostIds);
  const vmIds = questions.flatMap((question) => question.vmIds);
  const vms = await runInTransaction(
    dataSource,
    (queryRunner) => readStoredVmsIn(queryRunner, hostIds, vmIds),
    "REPEATABLE READ",
  );
  return groupByQuestion(vms, questions);
}

/** Reads the VMs with these ids, and those with which one of the hosts has a role, in the given transaction. */
export async function readStoredVmsIn(
  database: Queryable,
  hostIds: readonly string[],
  vmIds: readonly string[],
): Promise<StoredVm[]> {
  const ids = (await queryRows<{ id: string }>(database, SELECT_IDS, [hostIds, vmIds])).map(({ id }) => id);
  const rows = ids.length === 0 ? [] : await queryRows<StateRow>(database, SELECT_STATES, [ids]);
  if (rows.length === 0) return [];
  const names = new Map(rows.map((row) => [row.id, row.interfaceNames ?? []]));
  const interfaces = await readInterfacesInOrder(database, names);
  const nics = groupByVm(await readNics(database, "vm_guid", [...names.keys()], ALL_VMS));
  return rows.map(({ interfaceNames: _, ...state }) => ({
    ...state,
    interfaces: interfaces.get(state.id) ?? [],
    nics: nics.get(state.id) ?? [],
  }));
}

/** Groups the VMs by question. A VM may be in several answers, because two hosts report it while it migrates. */
function groupByQuestion(
  vms: readonly StoredVm[],
  questions: readonly StoredVmsQuestion[],
): Map<StoredVmsQuestion, StoredVm[]> {
  const byId = new Map(vms.map((vm) => [vm.id, vm]));
  const byHost = new Map<string, StoredVm[]>();
  for (const vm of vms) {
    for (const hostId of new Set([vm.ownerId, vm.incomingId, vm.contenderId])) {
      if (hostId === null) continue;
      const held = byHost.get(hostId);
      if (held === undefined) byHost.set(hostId, [vm]);
      else held.push(vm);
    }
  }
  return new Map(
    questions.map((question) => {
      const ofHosts = question.hostIds.flatMap((hostId) => byHost.get(hostId) ?? []);
      const named = question.vmIds.map((id) => byId.get(id)).filter((vm) => vm !== undefined);
      return [question, [...new Set([...ofHosts, ...named])]];
    }),
  );
}

interface StateRow extends VmState {
  readonly interfaceNames: InterfaceNames | null;
}

/** Selects only the ids. PostgreSQL then knows their number when it plans the next statements, and uses indexes. */
const SELECT_IDS = `SELECT vm_guid AS id FROM vm_dynamic WHERE run_on_vds = ANY($1::uuid[])
UNION SELECT vm_guid FROM vm_dynamic WHERE migrating_to_vds = ANY($1::uuid[])
UNION SELECT vm_id FROM vnic_graph_vm WHERE contender_id = ANY($1::uuid[])
UNION SELECT unnest($2::uuid[])`;

const SELECT_STATES = `SELECT s.vm_guid AS id, s.vm_name AS name, d.status,
  d.run_on_vds AS "ownerId", d.migrating_to_vds AS "incomingId", r.contender_id AS "contenderId",
  nullif(d.vm_ip, '') AS ips, nullif(d.vm_fqdn, '') AS fqdn, r.inventory_hash AS "inventoryHash", r.silence, r.stale_detail AS "staleDetail", r.ignored_macs AS "ignoredMacs",
  coalesce(r.missed_passes, 0) AS "missedPasses", r.interface_names AS "interfaceNames"
FROM vm_static s
JOIN vm_dynamic d ON d.vm_guid = s.vm_guid AND d.vm_guid = ANY($1::uuid[])
LEFT JOIN vnic_graph_vm r ON r.vm_id = s.vm_guid
WHERE s.vm_guid = ANY($1::uuid[])`;
