import { NotKeptError } from "../store/not-kept-error.js";
import { queryRows, type Queryable } from "../store/postgres/sql.js";

/**
 * Refuses a question that looks at all interfaces where there are too many of them to do so within a request's time. The size of
 * their table is known without reading it. 100,000 VMs with four interfaces each take 35 MB.
 */
export async function refuseLargeFleet(database: Queryable, field: string, instead: string): Promise<void> {
  const [row] = await queryRows<{ isLarge: boolean }>(database, SIZE, [MOST_BYTES]);
  if (row?.isLarge !== true) return;
  throw new NotKeptError(
    `${field}: an engine's database has no index for this, and its guest interfaces take more than ` +
      `${MOST_BYTES / 1_048_576} MB; with SOURCE=engine, ${instead}`,
  );
}

/** Some 400,000 VMs. To parse the addresses of that many takes longer than a request may. */
const MOST_BYTES = 134_217_728;

const SIZE = `SELECT pg_relation_size('vm_guest_agent_interfaces'::regclass) > $1::bigint AS "isLarge"`;
