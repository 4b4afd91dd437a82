import { NotKeptError } from "../../store/not-kept-error.js";
import { queryRows, type Queryable } from "../../store/postgres/sql.js";

/**
 * Refuses a question about all interfaces if there are so many that the statement would run into its timeout.
 * PostgreSQL knows the size of their table without reading it. 100,000 VMs with four interfaces each take 36 MB.
 */
export async function refuseLargeFleet(
  database: Queryable,
  field: string,
  instead: string,
  mostBytes: number,
): Promise<void> {
  const [row] = await queryRows<{ isLarge: boolean }>(database, SIZE, [mostBytes]);
  if (row?.isLarge !== true) return;
  throw new NotKeptError(
    `${field}: an engine's database has no index for this, and its guest interfaces take more than ` +
      `${mostBytes / 1_048_576} MB; with SOURCE=engine, ${instead}`,
  );
}

/** Bound where all addresses are parsed, which takes up to ten times as long as comparing MACs. */
export const MOST_PARSED_BYTES = 50_331_648;

/** Bound where MACs are compared. */
export const MOST_COMPARED_BYTES = 134_217_728;

const SIZE = `SELECT pg_relation_size('vm_guest_agent_interfaces'::regclass) > $1::bigint AS "isLarge"`;
