import type { DataSource } from "typeorm";
import { queryRows, readInOneState, SqlParameters } from "../../postgres/sql.js";
import { createVmScopeSql } from "../../read/conditions/scope.js";
import type { VmScope } from "../../types.js";
import { readStoredVmsIn } from "../../write/stored-vms.js";
import { parseCursor } from "../cursor.js";
import { readSnapshot, type Snapshot } from "../snapshot.js";
import { readStateCursor } from "../state-cursor.js";
import type { VmVersion } from "../versions/version-types.js";
import { toVersion } from "../versions/vm-version.js";
import type { GuestInterest } from "./guest-event.js";
import { isVmWanted } from "./interest.js";

/** A page of VMs in the order of their ids, all as they are in one state of the database. */
export interface StatePage {
  readonly vms: readonly VmVersion[];
  /** The page covers the ids above those of the page before, up to this one. `null`: it is the last page. */
  readonly lastId: string | null;
  readonly at: Date;
  /** The transactions whose changes the page shows. */
  readonly snapshot: Snapshot;
}

/** Reads the VMs that a subscriber follows among the next `limit` VMs that the subscriber may see, behind `afterId`. */
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
    const [seen] = await queryRows<SeenRow>(
      state,
      `SELECT pg_current_snapshot()::text AS snapshot, now() AS at, pg_is_in_recovery() AS "isStandby"`,
    );
    if (seen === undefined) throw new Error("the database gave no snapshot");
    const ids = rows.map(({ id }) => id);
    const stored = ids.length === 0 ? [] : await readStoredVmsIn(state, [], ids);
    const byId = new Map(stored.map((vm) => [vm.id, toVersion(vm)]));
    return {
      vms: ids.flatMap((id) => byId.get(id) ?? []).filter((vm) => isVmWanted(vm, interest)),
      lastId: ids.length < limit ? null : (ids.at(-1) ?? null),
      at: seen.at,
      // A standby does not tell which transactions are under way.
      snapshot: seen.isStandby ? parseCursor(await readStateCursor(state)).seen : readSnapshot(seen.snapshot),
    };
  });
}

interface SeenRow {
  readonly snapshot: string;
  readonly at: Date;
  readonly isStandby: boolean;
}
