import type { QueryRunner } from "typeorm";
import { splitIntoColumns, COLUMNS } from "../read/interface-columns.js";
import { identitiesOf, IS_GIVEN, ONE_STORED_ROW_EACH, placesOf } from "./interface-identity.js";
import { affectedBy, rowsOf } from "../postgres/sql.js";
import { expectAll } from "./superseded-error.js";
import type { HostChanges } from "../types.js";

type Updates = HostChanges["updatedInterfaces"];

/**
 * Gives each interface its new values. Equal rows are legal and next to never there, so the plain update is tried
 * first: it counts whether as many stored rows were met as given ones, and each of these once. If not, it is undone, and
 * rows are told apart.
 */
export async function updateInterfaces(queryRunner: QueryRunner, updates: Updates): Promise<void> {
  if (updates.length === 0) return;
  if (await updatedPlainly(queryRunner, updates)) return;
  const before = updates.map((update) => update.before);
  const updated = await affectedBy(
    queryRunner,
    `WITH ${ONE_STORED_ROW_EACH}
     UPDATE vm_guest_agent_interfaces t SET ${NEW_VALUES}
     FROM chosen JOIN unnest(${placesOf(VALUES, COLUMNS.length + 2)}) WITH ORDINALITY
       AS n(${NEW_NAMES}, number) USING (number)
     WHERE t.ctid = chosen.place`,
    [...identitiesOf(before), ...newValuesOf(updates)],
  );
  expectAll(updated, updates.length);
}

async function updatedPlainly(queryRunner: QueryRunner, updates: Updates): Promise<boolean> {
  await queryRunner.query("SAVEPOINT plain_update");
  const [met] = await rowsOf<{ rows: number; given: number }>(
    queryRunner,
    `WITH updated AS (
       UPDATE vm_guest_agent_interfaces t SET ${NEW_VALUES}
       FROM unnest(${placesOf(COLUMNS, 1)}, ${placesOf(VALUES, COLUMNS.length + 1)})
         WITH ORDINALITY AS g(${COLUMNS.map(({ name }) => name).join(", ")}, ${NEW_NAMES}, number)
       WHERE ${IS_GIVEN}
       RETURNING g.number)
     SELECT count(*)::int AS rows, count(DISTINCT number)::int AS given FROM updated`,
    [...splitIntoColumns(updates.map(({ before }) => before)), ...newValuesOf(updates)],
  );
  const isExact = met?.rows === updates.length && met.given === updates.length;
  await queryRunner.query(isExact ? "RELEASE plain_update" : "ROLLBACK TO plain_update");
  return isExact;
}

function newValuesOf(updates: Updates): unknown[][] {
  return splitIntoColumns(
    updates.map(({ after }) => after),
    VALUES,
  );
}

/** An update never changes whose interface it is, nor its name or MAC. */
const VALUES = COLUMNS.filter(({ field }) => !["vmId", "name", "macAddress"].includes(field));
const NEW_NAMES = VALUES.map(({ name }) => `new_${name}`).join(", ");
const NEW_VALUES = VALUES.map(({ name }) => `${name} = new_${name}`).join(", ");
