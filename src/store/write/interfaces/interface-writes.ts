import type { QueryRunner } from "typeorm";
import { splitIntoColumns, COLUMNS } from "../../read/interface-columns.js";
import { listIdentities, ONE_STORED_ROW_EACH, formatArrayParameters } from "./interface-identity.js";
import { updateInterfaces } from "./interface-updates.js";
import { formatArrayLiteral } from "../../postgres/array-literal.js";
import { executeIn } from "../../postgres/sql.js";
import { sendRows } from "../send-rows.js";
import { waitInOrder } from "../send-in-turns.js";
import { expectAll } from "../superseded-error.js";
import type { HostChanges } from "../../types.js";

/**
 * Writes exactly the changed interfaces. Deletes come first, because one of two equal rows may be deleted and the other one
 * updated. All statements are sent in one turn, unless there are updates, which depend on the database's answers.
 */
export async function writeInterfaces(
  queryRunner: QueryRunner,
  changes: Omit<HostChanges, "changedVms">,
): Promise<void> {
  const { insertedInterfaces, deletedInterfaces, updatedInterfaces, interfaceOrders } = changes;
  const deleted = deleteInterfaces(queryRunner, deletedInterfaces);
  if (updatedInterfaces.length > 0) {
    await deleted;
    await updateInterfaces(queryRunner, updatedInterfaces);
  }
  const inserted = insertInterfaces(queryRunner, insertedInterfaces);
  await waitInOrder([deleted, inserted, updateOrders(queryRunner, interfaceOrders)]);
}

async function deleteInterfaces(
  queryRunner: QueryRunner,
  interfaces: HostChanges["deletedInterfaces"],
): Promise<void> {
  if (interfaces.length === 0) return;
  const deleted = await executeIn(
    queryRunner,
    `WITH ${ONE_STORED_ROW_EACH} DELETE FROM vm_guest_agent_interfaces t USING chosen WHERE t.ctid = chosen.row_id`,
    listIdentities(interfaces),
  );
  expectAll(deleted, interfaces.length);
}

async function insertInterfaces(
  queryRunner: QueryRunner,
  interfaces: HostChanges["insertedInterfaces"],
): Promise<void> {
  if (interfaces.length === 0) return;
  await executeIn(
    queryRunner,
    `INSERT INTO vm_guest_agent_interfaces (${COLUMNS.map(({ name }) => name).join(", ")})
     SELECT * FROM unnest(${formatArrayParameters(COLUMNS, 1)})`,
    splitIntoColumns(interfaces),
  );
}

async function updateOrders(queryRunner: QueryRunner, orders: HostChanges["interfaceOrders"]): Promise<void> {
  if (orders.length === 0) return;
  // PostgreSQL has no arrays of arrays of different lengths: each list is sent as the text of an array.
  const { source, parameters } = sendRows(orders, {
    id: ["uuid", ({ vmId }) => vmId],
    names: ["text", ({ names }) => formatArrayLiteral(names)],
  });
  const updated = await executeIn(
    queryRunner,
    `UPDATE vnic_graph_vm r SET interface_names = g.names::text[] FROM ${source} WHERE r.vm_id = g.id`,
    parameters,
  );
  expectAll(updated, orders.length);
}
