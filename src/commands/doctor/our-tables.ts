import type { createDataSource } from "../../store/postgres/data-source.js";
import { listPendingMigrations } from "../../store/postgres/migrate.js";
import { queryRows } from "../../store/postgres/sql.js";
import { formatError } from "../../gateway/format-error.js";
import { createOkFinding, fail, type Finding } from "./finding.js";

type DataSource = ReturnType<typeof createDataSource>;

/** Checks that the tables exist, or that the role may create them, and that it may use them. */
export async function checkOurTables(dataSource: DataSource): Promise<Finding> {
  try {
    const pending = await listPendingMigrations(dataSource);
    const [row] = await queryRows<OurRights>(dataSource, RIGHTS, [
      dataSource.entityMetadatas.map(({ tableName }) => tableName),
    ]);
    const { role = "", schema = null, path = "", create = false, lacking = [] } = row ?? {};
    if (schema === null || schema === "pg_catalog") {
      return fail(
        "tables",
        `search_path is ${path}, where no schema is that tables can be in`,
        `ALTER ROLE ${role} SET search_path = public, or CREATE SCHEMA one that it names`,
      );
    }
    if (pending.length > 0 && !create) {
      return fail(
        "tables",
        `${pending.length} migrations wait, but role ${role} may not make tables`,
        `GRANT CREATE ON SCHEMA ${schema} TO ${role}, or run \`vnic-graph migrate\` as a role that may`,
      );
    }
    if (lacking.length > 0) {
      return fail(
        "tables",
        `role ${role} may not read and write ${lacking.join(", ")}`,
        `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${role}`,
      );
    }
    if (pending.length === 0) return createOkFinding("tables", "up to date");
    return createOkFinding("tables", `\`vnic-graph start\` or \`migrate\` will run ${pending.join(", ")}`);
  } catch (error) {
    const mend =
      "docs/operations.md tells of upgrades; an oVirt engine's database is read with SOURCE=engine";
    return fail("tables", formatError(error), mend);
  }
}

interface OurRights {
  readonly role: string;
  /** The schema in which tables are created; `null`: there is none. */
  readonly schema: string | null;
  readonly path: string;
  readonly create: boolean;
  readonly lacking: string[];
}

const RIGHTS = `
  SELECT quote_ident(current_user) AS role, quote_ident(current_schema()) AS schema,
    current_setting('search_path') AS path,
    coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS create,
    ARRAY(
      SELECT name FROM unnest($1::text[]) AS name
      WHERE to_regclass(name) IS NOT NULL
        AND NOT (has_table_privilege(name, 'SELECT') AND has_table_privilege(name, 'INSERT')
          AND has_table_privilege(name, 'UPDATE') AND has_table_privilege(name, 'DELETE'))
    ) AS lacking`;
