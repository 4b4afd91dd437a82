import type { createDataSource } from "../../store/postgres/data-source.js";
import { queryRows } from "../../store/postgres/sql.js";
import { fail, warn, type Finding } from "./finding.js";

/**
 * Checks, by what the server allows, that all connections of a gateway can be open at once. They are not opened, because a
 * running gateway may need them. Behind a pooler the pooler's connections count, which are fewer.
 */
export async function checkConnections(
  dataSource: ReturnType<typeof createDataSource>,
  poolSize: number,
): Promise<Finding[]> {
  const limits = await queryRows<Limit>(dataSource, LIMITS);
  const [lowest] = limits.toSorted((left, right) => left.most - right.most);
  if (lowest === undefined || lowest.most >= poolSize) return [];
  const what = `${lowest.whose} allows ${lowest.most}, and a gateway opens up to ${poolSize}`;
  const tell = lowest.most < FEWEST ? fail : warn;
  return [tell("connections", what, `${lowest.mend}, or lower DATABASE_POOL_SIZE, to ${FEWEST} at least`)];
}

/** Health, polling and queries have one each. */
const FEWEST = 3;

interface Limit {
  readonly whose: string;
  readonly most: number;
  readonly mend: string;
}

/** The limits of role and database do not count for a superuser. */
const LIMITS = `
  SELECT 'max_connections' AS whose, current_setting('max_connections')::int AS most, 'raise it' AS mend
  UNION ALL
  SELECT 'role ' || quote_ident(rolname), rolconnlimit, 'ALTER ROLE ' || quote_ident(rolname) || ' CONNECTION LIMIT -1'
    FROM pg_roles WHERE rolname = session_user AND rolconnlimit >= 0 AND NOT rolsuper
  UNION ALL
  SELECT 'database ' || quote_ident(datname), datconnlimit, 'ALTER DATABASE ' || quote_ident(datname) || ' CONNECTION LIMIT -1'
    FROM pg_database JOIN pg_roles ON rolname = session_user
    WHERE datname = current_database() AND datconnlimit >= 0 AND NOT rolsuper`;
