import type { QueryRunner } from "typeorm";
import { isHeard as isVersionHeard, isStale as isVersionStale } from "../changes/versions/vm-version.js";
import { formatArrayLiteral } from "../postgres/array-literal.js";
import { executeIn } from "../postgres/sql.js";
import { sendRows, type SentColumns } from "./send-rows.js";
import { waitInOrder } from "./send-in-turns.js";
import { expectAll } from "./superseded-error.js";
import type { HostChanges, VmState } from "../types.js";

/** A VM's state as it was read and as it will be. */
export interface VmChange {
  /** The host whose pass changes the VM. */
  readonly hostId: string;
  readonly before: VmState;
  readonly after: VmState;
}

/**
 * Inserts VMs that are seen for the first time, with the orders of their interfaces. If one exists already, the pass is
 * superseded. Sorted by id, so that two passes cannot deadlock.
 */
export async function insertVms(
  queryRunner: QueryRunner,
  vms: readonly VmState[],
  orders: HostChanges["interfaceOrders"],
): Promise<void> {
  if (vms.length === 0) return;
  const names = new Map(orders.map((order) => [order.vmId, formatArrayLiteral(order.names)]));
  const fixed = sendRows(vms, { id: ["uuid", (vm) => vm.id], name: ["text", (vm) => vm.name] });
  const inserted = executeIn(
    queryRunner,
    `INSERT INTO vm_static (vm_guid, vm_name) SELECT id, name FROM ${fixed.source} ORDER BY id
     ON CONFLICT DO NOTHING RETURNING 1`,
    fixed.parameters,
  );
  const dynamic = insertRows(queryRunner, "vm_dynamic", vms, {
    vm_guid: ["uuid", (vm) => vm.id],
    ...Object.fromEntries(
      DYNAMIC_FIELDS.map((field) => [
        DYNAMIC[field].column,
        [DYNAMIC[field].type, (vm: VmState) => vm[field]] as const,
      ]),
    ),
  });
  const own = sendRows(vms, {
    vm_id: ["uuid", (vm) => vm.id],
    contender_id: ["uuid", (vm) => vm.contenderId],
    inventory_hash: ["text", (vm) => vm.inventoryHash],
    silence: ["text", (vm) => vm.silence],
    stale_detail: ["text", (vm) => vm.staleDetail],
    missed_passes: ["int", (vm) => vm.missedPasses],
    ignored_macs: ["text", (vm) => vm.ignoredMacs],
    // PostgreSQL has no arrays of arrays of different lengths: each list is sent as the text of an array.
    names: ["text", (vm) => names.get(vm.id) ?? null],
  });
  const reported = executeIn(
    queryRunner,
    `INSERT INTO vnic_graph_vm
       (vm_id, contender_id, inventory_hash, silence, stale_detail, missed_passes, ignored_macs, interface_names)
     SELECT vm_id, contender_id, inventory_hash, silence, stale_detail, missed_passes, ignored_macs, names::text[]
     FROM ${own.source}`,
    own.parameters,
  );
  await waitInOrder([
    inserted.then((count) => {
      expectAll(count, vms.length);
    }),
    dynamic,
    reported,
  ]);
}

/** Inserts rows whose columns have the names of the table's columns. */
async function insertRows<Row>(
  queryRunner: QueryRunner,
  table: string,
  rows: readonly Row[],
  columns: SentColumns<Row>,
): Promise<void> {
  const { source, parameters } = sendRows(rows, columns);
  const names = Object.keys(columns).join(", ");
  await executeIn(queryRunner, `INSERT INTO ${table} (${names}) SELECT ${names} FROM ${source}`, parameters);
}

/**
 * Updates only the rows whose values change, in each table. If a VM is not as it was read, the pass is superseded, so that
 * no update is lost.
 */
export async function updateVms(queryRunner: QueryRunner, changes: readonly VmChange[]): Promise<void> {
  await waitInOrder([
    updateStatic(queryRunner, changes.filter(createDifferenceTest(["name"]))),
    ...updateDynamic(queryRunner, changes.filter(createDifferenceTest(DYNAMIC_FIELDS))),
    updateOwn(
      queryRunner,
      changes.filter(
        (change) =>
          createDifferenceTest(OWN_FIELDS)(change) ||
          isHeard(change.before) !== isHeard(change.after) ||
          isStale(change.before) !== isStale(change.after),
      ),
    ),
  ]);
}

async function updateStatic(queryRunner: QueryRunner, changes: readonly VmChange[]): Promise<void> {
  if (changes.length === 0) return;
  const { source, parameters } = sendRows(changes, {
    id: ["uuid", ({ before }) => before.id],
    name: ["text", ({ after }) => after.name],
    old_name: ["text", ({ before }) => before.name],
  });
  const updated = await executeIn(
    queryRunner,
    `UPDATE vm_static s SET vm_name = g.name FROM ${source} WHERE s.vm_guid = g.id AND s.vm_name = g.old_name`,
    parameters,
  );
  expectAll(updated, changes.length);
}

/**
 * For our own VMs, compares only owner and migration target, because the epoch protects the rest. For another host's VM,
 * compares all columns.
 */
function updateDynamic(queryRunner: QueryRunner, changes: readonly VmChange[]): Promise<void>[] {
  const isOwn = ({ hostId, before }: VmChange) => before.ownerId === hostId;
  const foreign = changes.filter((change) => !isOwn(change));
  return [
    updateComparing(queryRunner, changes.filter(isOwn), ROLE_FIELDS),
    updateComparing(queryRunner, foreign, DYNAMIC_FIELDS),
  ];
}

/** Updates the columns that change in any of the VMs, if the compared columns are as they were read. */
async function updateComparing(
  queryRunner: QueryRunner,
  changes: readonly VmChange[],
  compared: readonly DynamicField[],
): Promise<void> {
  if (changes.length === 0) return;
  const changing = DYNAMIC_FIELDS.filter((field) => changes.some(createDifferenceTest([field])));
  const columns: Record<string, SentColumns<VmChange>[string]> = { id: ["uuid", ({ before }) => before.id] };
  for (const field of changing) columns[`new_${field}`] = [DYNAMIC[field].type, ({ after }) => after[field]];
  for (const field of compared)
    columns[`old_${field}`] = [DYNAMIC[field].type, ({ before }) => before[field]];
  const { source, parameters } = sendRows(changes, columns);
  const set = changing.map((field) => `${DYNAMIC[field].column} = g.new_${field}`);
  const asRead = compared.map((field) => `d.${DYNAMIC[field].column} IS NOT DISTINCT FROM g.old_${field}`);
  const updated = await executeIn(
    queryRunner,
    `UPDATE vm_dynamic d SET ${set.join(", ")} FROM ${source} WHERE d.vm_guid = g.id AND ${asRead.join(" AND ")}`,
    parameters,
  );
  expectAll(updated, changes.length);
}

/**
 * Updates our own columns. When a guest falls silent, it stores the time of the last report: the last success, before this
 * pass, of the host that owned the VM until now.
 */
async function updateOwn(queryRunner: QueryRunner, changes: readonly VmChange[]): Promise<void> {
  if (changes.length === 0) return;
  const { source, parameters } = sendRows(changes, {
    pass_of: ["uuid", ({ hostId }) => hostId],
    id: ["uuid", ({ before }) => before.id],
    contender_id: ["uuid", ({ after }) => after.contenderId],
    inventory_hash: ["text", ({ after }) => after.inventoryHash],
    silence: ["text", ({ after }) => after.silence],
    stale_detail: ["text", ({ after }) => after.staleDetail],
    missed_passes: ["int", ({ after }) => after.missedPasses],
    ignored_macs: ["text", ({ after }) => after.ignoredMacs],
    was_heard: ["bool", ({ before }) => isHeard(before)],
    is_heard: ["bool", ({ after }) => isHeard(after)],
    is_stale: ["bool", ({ after }) => isStale(after)],
    old_owner_id: ["uuid", ({ before }) => before.ownerId],
    old_contender_id: ["uuid", ({ before }) => before.contenderId],
    old_inventory_hash: ["text", ({ before }) => before.inventoryHash],
    old_silence: ["text", ({ before }) => before.silence],
    old_missed_passes: ["int", ({ before }) => before.missedPasses],
  });
  const updated = await executeIn(
    queryRunner,
    `UPDATE vnic_graph_vm r SET contender_id = g.contender_id, inventory_hash = g.inventory_hash,
       silence = g.silence, stale_detail = g.stale_detail, missed_passes = g.missed_passes, ignored_macs = g.ignored_macs,
       stale_since = CASE WHEN g.is_stale THEN coalesce(r.stale_since, r.last_reported_at) END,
       last_reported_at = CASE
         WHEN g.was_heard AND NOT g.is_heard THEN (
           SELECT CASE WHEN h.host_id = g.pass_of THEN h.previous_success_at ELSE h.last_success_at END
           FROM vnic_graph_host h WHERE h.host_id = g.old_owner_id)
         WHEN g.is_heard THEN NULL
         ELSE r.last_reported_at END
     FROM ${source}
     WHERE r.vm_id = g.id AND r.missed_passes = g.old_missed_passes
       AND r.contender_id IS NOT DISTINCT FROM g.old_contender_id
       AND r.inventory_hash IS NOT DISTINCT FROM g.old_inventory_hash
       AND r.silence IS NOT DISTINCT FROM g.old_silence`,
    parameters,
  );
  expectAll(updated, changes.length);
}

function isHeard(vm: VmState): boolean {
  return isVersionHeard(toState(vm));
}

function isStale(vm: VmState): boolean {
  return isVersionStale(toState(vm));
}

function toState({ ownerId, silence, missedPasses }: VmState) {
  return { hostId: ownerId, silence, isMissing: missedPasses > 0 };
}

function createDifferenceTest(fields: readonly (keyof VmState)[]): (change: VmChange) => boolean {
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

const ROLE_FIELDS: readonly DynamicField[] = ["ownerId", "incomingId"];

const OWN_FIELDS = [
  "contenderId",
  "inventoryHash",
  "silence",
  "staleDetail",
  "missedPasses",
  "ignoredMacs",
] as const;
