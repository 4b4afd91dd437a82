import { MIGRATIONS_TABLE, type createDataSource } from "../../store/postgres/data-source.js";
import { listPendingMigrations } from "../../store/postgres/migrate.js";
import { findSqlState, LOCK_NOT_AVAILABLE } from "../../store/postgres/errors.js";
import { queryRows } from "../../store/postgres/sql.js";
import { formatError } from "../../gateway/format-error.js";
import { createOkFinding, fail, formatPolicyHint, LOCK_HINT, type Finding } from "./finding.js";

type DataSource = ReturnType<typeof createDataSource>;

/** Checks that the tables exist, or that the role may create them, and that it may use them. */
export async function checkOurTables(dataSource: DataSource): Promise<Finding> {
  try {
    const pending = await listPendingIfReadable(dataSource);
    const [row] = await queryRows<OurRights>(dataSource, RIGHTS, [
      dataSource.entityMetadatas.map(({ tableName }) => tableName),
      MIGRATIONS_TABLE,
    ]);
    const obstacle = row === undefined ? null : findObstacle(row);
    if (obstacle !== null) return obstacle;
    if (pending.length === 0) return createOkFinding(CHECK, "up to date");
    if (row !== undefined && !row.create) {
      return fail(
        CHECK,
        `${pending.length} migrations wait, but role ${row.role} may not make tables`,
        `GRANT CREATE ON SCHEMA ${row.schema ?? ""} TO ${row.role}, or run \`vnic-graph migrate\` as a role that may`,
      );
    }
    return createOkFinding(CHECK, `\`vnic-graph start\` or \`migrate\` will run ${pending.join(", ")}`);
  } catch (error) {
    const mend =
      findSqlState(error) === LOCK_NOT_AVAILABLE
        ? LOCK_HINT
        : "docs/operations.md tells of upgrades; an oVirt engine's database is read with SOURCE=engine";
    return fail(CHECK, formatError(error), mend);
  }
}

/** Lists the migrations that have not run; none if the role may not read which ones have, which is an obstacle. */
async function listPendingIfReadable(dataSource: DataSource): Promise<string[]> {
  try {
    return await listPendingMigrations(dataSource);
  } catch (error) {
    if (findSqlState(error) === INSUFFICIENT_PRIVILEGE) return [];
    throw error;
  }
}

/** Finds what keeps the role from using any tables, or those that are there; `null`: nothing does. */
function findObstacle({ role, schema, path, closed, lacking, owner, secured }: OurRights): Finding | null {
  if (schema === null && closed !== null) {
    const mend = `GRANT USAGE, CREATE ON SCHEMA ${closed} TO ${role}`;
    return fail(CHECK, `role ${role} may not use the schema ${closed} of its search_path`, mend);
  }
  if (schema === null || schema === "pg_catalog") {
    return fail(
      CHECK,
      `search_path is ${path}, where no schema is that tables can be in`,
      `ALTER ROLE ${role} SET search_path = public, or CREATE SCHEMA one that it names`,
    );
  }
  if (lacking.length === 0) {
    if (secured.length === 0) return null;
    const what = `row-level security applies to role ${role} at ${secured.join(", ")}, whatever its policies let through`;
    return fail(CHECK, what, formatPolicyHint(role));
  }
  return fail(
    CHECK,
    `role ${role} may not read and write ${lacking.join(", ")}`,
    owner === null
      ? `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${role}`
      : `ALTER ROLE ${role} SET role = ${owner}: it is a member of the owner, but does not inherit its rights`,
  );
}

const CHECK = "tables";

const INSUFFICIENT_PRIVILEGE = "42501";

interface OurRights {
  readonly role: string;
  /** The schema in which tables are created; `null`: there is none. */
  readonly schema: string | null;
  readonly path: string;
  /** A schema of search_path that the role may not use. */
  readonly closed: string | null;
  readonly create: boolean;
  readonly lacking: string[];
  /** The tables at which row-level security applies to the role. */
  readonly secured: string[];
  /** The owner of the lacking tables, if the role is its member and does not have its rights. */
  readonly owner: string | null;
}

const RIGHTS = `
  WITH ours AS (
    SELECT name, to_regclass(quote_ident(name)) AS id FROM unnest($1::text[] || $2::text) AS name
  ), lacking AS (
    SELECT name, id FROM ours
    WHERE id IS NOT NULL AND NOT (has_table_privilege(id, 'SELECT') AND (name = $2
      OR (has_table_privilege(id, 'INSERT') AND has_table_privilege(id, 'UPDATE')
        AND has_table_privilege(id, 'DELETE'))))
  )
  SELECT quote_ident(current_user) AS role, quote_ident(current_schema()) AS schema,
    current_setting('search_path') AS path,
    (SELECT quote_ident(nspname) FROM pg_namespace
      WHERE NOT has_schema_privilege(oid, 'USAGE') AND EXISTS (
        SELECT FROM unnest(string_to_array(current_setting('search_path'), ',')) AS item
        WHERE trim(item) IN (nspname, quote_ident(nspname), '"' || nspname || '"')
          OR (trim(item) = '"$user"' AND nspname = current_user))
      ORDER BY nspname LIMIT 1) AS closed,
    coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS create,
    ARRAY(SELECT name FROM lacking) AS lacking,
    ARRAY(SELECT name FROM ours WHERE row_security_active(id)) AS secured,
    (SELECT quote_ident(pg_get_userbyid(relowner)) FROM pg_class JOIN lacking ON id = oid
      WHERE pg_has_role(relowner, 'MEMBER') AND NOT pg_has_role(relowner, 'USAGE') LIMIT 1) AS owner`;
