import type { DataSource } from "typeorm";
import { queryRows, readInOneState, SqlParameters } from "../../postgres/sql.js";
import { createVmScopeSql } from "../../read/conditions/scope.js";
import type { VmScope } from "../../types.js";
import { readStoredVmsIn } from "../../write/stored-vms.js";
import { readSnapshot } from "../log-reader.js";
import type { Snapshot } from "../snapshot.js";
import type { VmVersion } from "../versions/version-types.js";
import { toVersion } from "../versions/vm-version.js";
import type { GuestInterest } from "./guest-event.js";
import { isVmWanted } from "./interest.js";

/** VMs as they are in one state of the database, by id. */
export interface StatePage {
  readonly vms: readonly VmVersion[];
  /** The page is about all ids above the last page's up to this one; `null`: up to the end. */
  readonly lastId: string | null;
  readonly at: Date;
  /** The transactions that the page shows. */
  readonly snapshot: Snapshot;
}

/** Reads the next VMs that somebody wants to hear of, among so many that may be seen, behind an id. */
export function readStatePage(
  dataSource: DataSource,
  { interest, scope }: { readonly interest: GuestInterest; readonly scope: VmScope | null },
  afterId: string | null,
  limit: number,
): Promise<StatePage> {
  return readInOneState(dataSource, async (state) => {
    const parameters = new SqlParameters();
    const { vmIds, hostId } = interest;
    const conditions = [
      createVmScopeSql(scope).isVm(parameters),
      ...(afterId === null ? [] : [`s.vm_guid > ${parameters.add(afterId)}::uuid`]),
      ...(vmIds === null ? [] : [`s.vm_guid = ANY(${parameters.add(vmIds)}::uuid[])`]),
      ...(hostId === null ? [] : [`d.run_on_vds = ${parameters.add(hostId)}::uuid`]),
    ];
    const rows = await queryRows<{ readonly id: string }>(
      state,
      `SELECT s.vm_guid AS id FROM vm_static s JOIN vm_dynamic d ON d.vm_guid = s.vm_guid
       WHERE ${conditions.join(" AND ")} ORDER BY s.vm_guid LIMIT ${parameters.add(limit)}`,
      parameters.values,
    );
    const [seen] = await queryRows<{ readonly snapshot: string; readonly at: Date }>(
      state,
      "SELECT pg_current_snapshot()::text AS snapshot, now() AS at",
    );
    if (seen === undefined) throw new Error("the database gave no snapshot");
    const ids = rows.map(({ id }) => id);
    const stored = ids.length === 0 ? [] : await readStoredVmsIn(state, [], ids);
    const byId = new Map(stored.map((vm) => [vm.id, toVersion(vm)]));
    return {
      vms: ids.flatMap((id) => byId.get(id) ?? []).filter((vm) => isVmWanted(vm, interest)),
      lastId: ids.length < limit ? null : (ids.at(-1) ?? null),
      at: seen.at,
      snapshot: readSnapshot(seen.snapshot),
    };
  });
}
