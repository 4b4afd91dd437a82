import type { QueryRunner } from "typeorm";
import { splitIntoColumns, COLUMNS } from "../../read/interface-columns.js";
import {
  listIdentities,
  IS_GIVEN,
  ONE_STORED_ROW_EACH,
  formatArrayParameters,
} from "./interface-identity.js";
import { executeIn, queryRows } from "../../postgres/sql.js";
import { expectAll } from "../superseded-error.js";
import type { HostChanges } from "../../types.js";

type Updates = HostChanges["updatedInterfaces"];

/**
 * Writes the new values of interfaces.
 * 1. Try a plain update, which is right if no stored rows are equal. It counts the rows that it changed.
 * 2. If it did not change exactly one row for each given one, undo it. Then update one stored row for each, by `ctid`.
 */
export async function updateInterfaces(queryRunner: QueryRunner, updates: Updates): Promise<void> {
  if (updates.length === 0) return;
  if (await updatePlainly(queryRunner, updates)) return;
  const before = updates.map((update) => update.before);
  const updated = await executeIn(
    queryRunner,
    `WITH ${ONE_STORED_ROW_EACH}
     UPDATE vm_guest_agent_interfaces t SET ${NEW_VALUES}
     FROM chosen JOIN unnest(${formatArrayParameters(VALUES, COLUMNS.length + 2)}) WITH ORDINALITY
       AS n(${NEW_NAMES}, number) USING (number)
     WHERE t.ctid = chosen.row_id`,
    [...listIdentities(before), ...listNewValues(updates)],
  );
  expectAll(updated, updates.length);
}

async function updatePlainly(queryRunner: QueryRunner, updates: Updates): Promise<boolean> {
  await queryRunner.query("SAVEPOINT plain_update");
  const [counted] = await queryRows<{ rows: number; given: number }>(
    queryRunner,
    `WITH updated AS (
       UPDATE vm_guest_agent_interfaces t SET ${NEW_VALUES}
       FROM unnest(${formatArrayParameters(COLUMNS, 1)}, ${formatArrayParameters(VALUES, COLUMNS.length + 1)})
         WITH ORDINALITY AS g(${COLUMNS.map(({ name }) => name).join(", ")}, ${NEW_NAMES}, number)
       WHERE ${IS_GIVEN}
       RETURNING g.number)
     SELECT count(*)::int AS rows, count(DISTINCT number)::int AS given FROM updated`,
    [...splitIntoColumns(updates.map(({ before }) => before)), ...listNewValues(updates)],
  );
  const isExact = counted?.rows === updates.length && counted.given === updates.length;
  await queryRunner.query(isExact ? "RELEASE plain_update" : "ROLLBACK TO plain_update");
  return isExact;
}

function listNewValues(updates: Updates): unknown[][] {
  return splitIntoColumns(
    updates.map(({ after }) => after),
    VALUES,
  );
}

/** The columns that an update can change: all but VM, name and MAC. */
const VALUES = COLUMNS.filter(({ field }) => !["vmId", "name", "macAddress"].includes(field));
const NEW_NAMES = VALUES.map(({ name }) => `new_${name}`).join(", ");
const NEW_VALUES = VALUES.map(({ name }) => `${name} = new_${name}`).join(", ");
