import type { QueryRunner } from "typeorm";
import { affectedBy } from "../postgres/sql.js";
import { expectAll } from "./superseded-error.js";
import type { VmState } from "../types.js";

/** A VM's 1:1 values, as read and as they shall be. */
export interface VmChange {
  /** Whose pass says so. */
  readonly hostId: string;
  readonly before: VmState;
  readonly after: VmState;
}

/** Inserts VMs seen for the first time; one that exists by now voids the pass. By id, so that no two passes deadlock. */
export async function insertVms(queryRunner: QueryRunner, vms: readonly VmState[]): Promise<void> {
  if (vms.length === 0) return;
  const ids = vms.map((vm) => vm.id);
  const inserted = await affectedBy(
    queryRunner,
    `INSERT INTO vm_static (vm_guid, vm_name)
     SELECT * FROM unnest($1::uuid[], $2::text[]) AS g(id, name) ORDER BY id
     ON CONFLICT DO NOTHING RETURNING 1`,
    [ids, vms.map((vm) => vm.name)],
  );
  expectAll(inserted, vms.length);
  await affectedBy(
    queryRunner,
    `INSERT INTO vm_dynamic (vm_guid, status, vm_ip, vm_fqdn, run_on_vds, migrating_to_vds)
     SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::uuid[], $6::uuid[])`,
    [
      ids,
      vms.map((vm) => vm.status),
      vms.map((vm) => vm.ips),
      vms.map((vm) => vm.fqdn),
      vms.map((vm) => vm.ownerId),
      vms.map((vm) => vm.incomingId),
    ],
  );
  await affectedBy(
    queryRunner,
    `INSERT INTO vnic_graph_vm (vm_id, contender_id, inventory_hash, silence, missed_passes)
     SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::int[])`,
    [
      ids,
      vms.map((vm) => vm.contenderId),
      vms.map((vm) => vm.inventoryHash),
      vms.map((vm) => vm.silence),
      vms.map((vm) => vm.missedPasses),
    ],
  );
}

/** Updates each table's rows whose values change, and no other; a VM that is not as read voids the pass: no update is lost. */
export async function updateVms(queryRunner: QueryRunner, changes: readonly VmChange[]): Promise<void> {
  await updateStatic(queryRunner, changes.filter(differingIn(["name"])));
  await updateDynamic(queryRunner, changes.filter(differingIn(DYNAMIC_FIELDS)));
  await updateOwn(
    queryRunner,
    changes.filter(
      (change) =>
        differingIn(["contenderId", "inventoryHash", "silence", "missedPasses"])(change) ||
        isHeard(change.before) !== isHeard(change.after),
    ),
  );
}

async function updateStatic(queryRunner: QueryRunner, changes: readonly VmChange[]): Promise<void> {
  if (changes.length === 0) return;
  const updated = await affectedBy(
    queryRunner,
    `UPDATE vm_static s SET vm_name = g.name FROM unnest($1::uuid[], $2::text[], $3::text[]) AS g(id, name, old_name)
     WHERE s.vm_guid = g.id AND s.vm_name = g.old_name`,
    [
      changes.map(({ before }) => before.id),
      changes.map(({ after }) => after.name),
      changes.map(({ before }) => before.name),
    ],
  );
  expectAll(updated, changes.length);
}

/**
 * Sends the values that change, and of those as read only what somebody else may have changed meanwhile. Of a VM of the
 * host's own that is who else stands to it, for the fence keeps all others away; of another host's VM it is everything.
 */
async function updateDynamic(queryRunner: QueryRunner, changes: readonly VmChange[]): Promise<void> {
  const [own, foreign] = [true, false].map((isOwn) =>
    changes.filter(({ hostId, before }) => (before.ownerId === hostId) === isOwn),
  ) as [VmChange[], VmChange[]];
  await updateDynamicOf(queryRunner, own, STANDINGS);
  await updateDynamicOf(queryRunner, foreign, DYNAMIC_FIELDS);
}

async function updateDynamicOf(
  queryRunner: QueryRunner,
  changes: readonly VmChange[],
  guards: readonly DynamicField[],
): Promise<void> {
  if (changes.length === 0) return;
  const fields = DYNAMIC_FIELDS.filter((field) => changes.some(differingIn([field])));
  const types = [...fields, ...guards].map((field) => DYNAMIC[field].type);
  const given = [...fields.map((field) => `new_${field}`), ...guards.map((field) => `old_${field}`)];
  const set = fields.map((field) => `${DYNAMIC[field].column} = g.new_${field}`);
  const asRead = guards.map((field) => `d.${DYNAMIC[field].column} IS NOT DISTINCT FROM g.old_${field}`);
  const updated = await affectedBy(
    queryRunner,
    `UPDATE vm_dynamic d SET ${set.join(", ")}
     FROM unnest($1::uuid[], ${types.map((type, at) => `$${at + 2}::${type}[]`).join(", ")}) AS g(id, ${given.join(", ")})
     WHERE d.vm_guid = g.id AND ${asRead.join(" AND ")}`,
    [
      changes.map(({ before }) => before.id),
      ...fields.map((field) => changes.map(({ after }) => after[field])),
      ...guards.map((field) => changes.map(({ before }) => before[field])),
    ],
  );
  expectAll(updated, changes.length);
}

/**
 * The time of the last report is stored when a guest falls silent: the last success, before this pass, of the host that
 * owned the VM until now.
 */
async function updateOwn(queryRunner: QueryRunner, changes: readonly VmChange[]): Promise<void> {
  if (changes.length === 0) return;
  const updated = await affectedBy(
    queryRunner,
    `UPDATE vnic_graph_vm r SET contender_id = g.contender_id, inventory_hash = g.inventory_hash,
       silence = g.silence, missed_passes = g.missed_passes,
       last_reported_at = CASE
         WHEN g.was_heard AND NOT g.is_heard THEN (
           SELECT CASE WHEN h.host_id = g.pass_of THEN h.previous_success_at ELSE h.last_success_at END
           FROM vnic_graph_host h WHERE h.host_id = g.old_owner_id)
         WHEN g.is_heard THEN NULL
         ELSE r.last_reported_at END
     FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::int[], $7::uuid[], $8::uuid[], $9::bool[], $10::bool[],
         $11::text[], $12::text[], $13::int[])
       AS g(pass_of, id, contender_id, inventory_hash, silence, missed_passes, old_contender_id, old_owner_id, was_heard, is_heard,
         old_inventory_hash, old_silence, old_missed_passes)
     WHERE r.vm_id = g.id AND r.missed_passes = g.old_missed_passes
       AND r.contender_id IS NOT DISTINCT FROM g.old_contender_id
       AND r.inventory_hash IS NOT DISTINCT FROM g.old_inventory_hash
       AND r.silence IS NOT DISTINCT FROM g.old_silence`,
    [
      changes.map(({ hostId }) => hostId),
      changes.map(({ before }) => before.id),
      changes.map(({ after }) => after.contenderId),
      changes.map(({ after }) => after.inventoryHash),
      changes.map(({ after }) => after.silence),
      changes.map(({ after }) => after.missedPasses),
      changes.map(({ before }) => before.contenderId),
      changes.map(({ before }) => before.ownerId),
      changes.map(({ before }) => isHeard(before)),
      changes.map(({ after }) => isHeard(after)),
      changes.map(({ before }) => before.inventoryHash),
      changes.map(({ before }) => before.silence),
      changes.map(({ before }) => before.missedPasses),
    ],
  );
  expectAll(updated, changes.length);
}

/** Whether the guest's word arrives: its host's last success is then the time of its last report. */
function isHeard({ ownerId, silence, missedPasses }: VmState): boolean {
  return ownerId !== null && missedPasses === 0 && (silence === null || silence === "ips-only");
}

function differingIn(fields: readonly (keyof VmState)[]): (change: VmChange) => boolean {
  return ({ before, after }) => fields.some((field) => before[field] !== after[field]);
}

/** The columns of `vm_dynamic` that passes change. */
const DYNAMIC = {
  status: { column: "status", type: "int" },
  ips: { column: "vm_ip", type: "text" },
  fqdn: { column: "vm_fqdn", type: "text" },
  ownerId: { column: "run_on_vds", type: "uuid" },
  incomingId: { column: "migrating_to_vds", type: "uuid" },
} as const;

type DynamicField = keyof typeof DYNAMIC;

const DYNAMIC_FIELDS = Object.keys(DYNAMIC) as readonly DynamicField[];

const STANDINGS: readonly DynamicField[] = ["ownerId", "incomingId"];
