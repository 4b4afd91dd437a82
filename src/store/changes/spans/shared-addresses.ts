import { createHash } from "node:crypto";
import type { QueryRunner } from "typeorm";
import { queryRows, type Queryable } from "../../postgres/sql.js";
import { SELECT_EDITS } from "../edits.js";
import { selectHeldByMany, selectOutside, selectSharedOf } from "../../read/address-conflicts.js";
import { parseAddress } from "../../../model/address/cidr.js";

/**
 * `vnic_graph_shared_address` holds each address that two VMs have where others may meet it, perhaps with some that only one
 * has any more. It holds for all changes up to the index's cursor: if neither of two VMs changed behind the cursor, what they
 * share is in the table. The step that followed the later one's last change saw both of them, and no step after it saw
 * less.
 *
 * So passes write nothing for it. Who reads it adds the addresses of VMs that changed behind the cursor.
 */
export async function followSharedAddresses(
  queryRunner: QueryRunner,
  vmIds: readonly string[],
  lost: readonly string[],
): Promise<void> {
  if (vmIds.length > 0) await queryRunner.query(INSERT_SHARED_OF, [vmIds]);
  const gone = [...new Set(lost)].filter((address) => parseAddress(address) !== null);
  if (gone.length > 0) await queryRunner.query(DELETE_UNSHARED, [gone]);
}

/** Makes the table anew: after a build of the index, and where another version of the program moved the cursor. */
export async function makeSharedAddresses(queryRunner: QueryRunner): Promise<void> {
  await queryRunner.query("SET LOCAL statement_timeout = 0");
  await queryRunner.query("DELETE FROM vnic_graph_shared_address");
  await queryRunner.query(INSERT_ALL_SHARED);
}

const IS_SHARED = (address: string) => `(SELECT count(*) FROM (${selectOutside(address)} LIMIT 2) two) = 2`;

/** What the VMs themselves have is found first: thousands may have the address of docker0 that nobody can meet. */
const INSERT_SHARED_OF = `WITH own AS MATERIALIZED (SELECT DISTINCT address FROM (${selectSharedOf("$1::uuid[]")}) mine)
  INSERT INTO vnic_graph_shared_address (address)
    SELECT own.address FROM own
    WHERE NOT EXISTS (SELECT FROM vnic_graph_shared_address s WHERE s.address = own.address) AND ${IS_SHARED("own.address")}
  ON CONFLICT DO NOTHING`;

const DELETE_UNSHARED = `DELETE FROM vnic_graph_shared_address s WHERE s.address = ANY($1::inet[]) AND NOT ${IS_SHARED("s.address")}`;

const INSERT_ALL_SHARED = `INSERT INTO vnic_graph_shared_address (address)
  SELECT held.address FROM (${selectHeldByMany("true")}) held WHERE ${IS_SHARED("held.address")}`;

/**
 * Builds the expression of what `shared_to` is while the table holds up to a cursor. Else it is made anew: another version of the
 * program has another rule or moved the cursor, or somebody edited VMs by hand, which the log does not tell.
 */
export function formatSharedTo(cursor: string): string {
  return `concat_ws(' ', '${RULE}', (${SELECT_EDITS}), ${cursor})`;
}

/** Returns whether the table holds up to the index's cursor. */
export async function areSharedStored(database: Queryable): Promise<boolean> {
  const found = await queryRows(
    database,
    `SELECT FROM vnic_graph_address_index WHERE shared_to = ${formatSharedTo("cursor")}`,
  );
  return found.length > 0;
}

const RULE = createHash("md5").update(INSERT_ALL_SHARED).digest("base64url").slice(0, 10);
