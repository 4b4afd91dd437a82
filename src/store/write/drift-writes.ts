import type { QueryRunner } from "typeorm";
import { DRIFT_KINDS, formatDriftKey, listDrift, type DriftItem } from "../../model/guest/drift.js";
import { hasNoAddress, type NamedInterface } from "../../model/guest/missing-interface.js";
import { areInterfacesKnown } from "../changes/versions/version-addresses.js";
import { areNicsKnown } from "../changes/versions/vm-version.js";
import { executeIn } from "../postgres/sql.js";
import type { StoredVm, VisibleChange } from "../types.js";
import { waitInOrder } from "./send-in-turns.js";
import { sendRows } from "./send-rows.js";

/**
 * Updates `vnic_graph_drift` for the VMs that a pass has changed. Costs two statements, or none if their drift is the same. The
 * first one locks the VMs' rows, because {@link refreshDrift} writes under that lock.
 */
export async function updateDrift(
  queryRunner: QueryRunner,
  changes: readonly VisibleChange[],
): Promise<void> {
  const changed = changes.flatMap(({ before, after }) => {
    if (before !== null && isComparedAlike(before, after)) return [];
    const [was, is] = [before === null ? [] : listStoredDrift(before), listStoredDrift(after)];
    return formatDrift(was) === formatDrift(is) ? [] : [{ id: after.id, items: is }];
  });
  if (changed.length === 0) return;
  await waitInOrder([
    executeIn(queryRunner, LOCK, [changed.map(({ id }) => id)]),
    writeDrift(queryRunner, changed),
  ]);
}

/** Writes the drift of VMs anew by today's rules, where it differs. The VMs' rows in `vnic_graph_vm` must be locked. */
export function refreshDrift(queryRunner: QueryRunner, vms: readonly StoredVm[]): Promise<void> {
  return writeDrift(
    queryRunner,
    vms.map((vm) => ({ id: vm.id, items: listStoredDrift(vm) })),
  );
}

/** A statement of its own: one that waits for the lock does not see what its last holder has just written. */
const LOCK = "SELECT FROM vnic_graph_vm WHERE vm_id = ANY($1::uuid[]) FOR NO KEY UPDATE";

async function writeDrift(
  queryRunner: QueryRunner,
  vms: readonly { readonly id: string; readonly items: readonly DriftItem[] }[],
): Promise<void> {
  const rows = vms.flatMap(({ id, items }) => items.map((item) => ({ id, ...item })));
  const { source, parameters } = sendRows(rows, {
    vm_id: ["uuid", ({ id }) => id],
    kind: ["smallint", ({ kind }) => DRIFT_KINDS[kind]],
    key: ["text", formatDriftKey],
    nic_id: ["uuid", ({ nicId }) => nicId],
    device_name: ["text", ({ device }) => device?.name ?? null],
    device_mac: ["text", ({ device }) => device?.macAddress ?? null],
  });
  await executeIn(
    queryRunner,
    `WITH told AS MATERIALIZED (SELECT * FROM ${source}),
     gone AS (
       DELETE FROM vnic_graph_drift f WHERE f.vm_id = ANY($${parameters.length + 1}::uuid[])
         AND NOT EXISTS (SELECT FROM told t WHERE (t.vm_id, t.kind, t.key) = (f.vm_id, f.kind, f.key)))
     INSERT INTO vnic_graph_drift AS f (vm_id, kind, key, nic_id, device_name, device_mac)
     SELECT vm_id, kind, key, nic_id, device_name, device_mac FROM told
     ON CONFLICT (vm_id, kind, key) DO UPDATE SET device_name = excluded.device_name, device_mac = excluded.device_mac
       WHERE (f.device_name, f.device_mac) IS DISTINCT FROM (excluded.device_name, excluded.device_mac)`,
    [...parameters, vms.map(({ id }) => id)],
  );
}

/** Returns `true` if all values that {@link listStoredDrift} uses are the same. Most changes are only of addresses. */
function isComparedAlike(before: StoredVm, after: StoredVm): boolean {
  return (
    before.status === after.status &&
    before.silence === after.silence &&
    before.ignoredMacs === after.ignoredMacs &&
    (before.ownerId === null) === (after.ownerId === null) &&
    areNicsKnown(before) === areNicsKnown(after) &&
    isNamedAlike(before.interfaces, after.interfaces) &&
    isNamedAlike(before.nics, after.nics)
  );
}

/** Returns `true` if two lists have the same ids, names and MACs in the same order, and addresses in the same places. */
function isNamedAlike(before: readonly Named[], after: readonly Named[]): boolean {
  return (
    before === after ||
    (before.length === after.length &&
      before.every((one, at) => {
        const other = after[at];
        return (
          one.id === other?.id &&
          one.name === other?.name &&
          one.macAddress === other.macAddress &&
          hasNoAddress(one) === hasNoAddress(other)
        );
      }))
  );
}

interface Named extends NamedInterface {
  readonly id?: string;
}

function listStoredDrift(vm: StoredVm): DriftItem[] {
  const { status, ips, ignoredMacs, ownerId, interfaces } = vm;
  return listDrift({
    status,
    ips: ips === null ? null : [ips],
    ignoredMacs,
    interfaces: ownerId !== null && areInterfacesKnown(vm) ? interfaces : null,
    nics: areNicsKnown(vm) ? vm.nics : null,
  });
}

function formatDrift(items: readonly DriftItem[]): string {
  return items
    .map(
      (item) =>
        `${item.kind} ${formatDriftKey(item)} ${formatDriftKey({ nicId: null, device: item.device })}`,
    )
    .sort()
    .join("\n");
}
