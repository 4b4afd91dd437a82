import type { DataSource } from "typeorm";
import { ENGINE_COLUMNS } from "./engine-columns.js";
import { DatabaseUnavailableError, formatDatabaseError } from "../store/postgres/errors.js";
import { queryRows } from "../store/postgres/sql.js";
import { createEngineStore } from "./engine-store.js";
import { tryReads } from "./try-reads.js";

/** The database is not an engine's, or not all that is needed may be read. The message names what is missing. */
export class UnusableEngineError extends Error {
  override readonly name = "UnusableEngineError";
}

/** What was found at an engine's database. The start of the gateway logs all of it. */
export interface EngineCheck {
  /** Sessions are read-only, whatever the role may do. */
  readonly readOnly: true;
  readonly database: string;
  readonly role: string;
  /** `true` if the role has rights to write that it does not need. */
  readonly roleMayWrite: boolean;
  /** One line for the operator. */
  readonly message: string;
}

/** Checks, without changing anything, that the gateway can read all that it needs. Throws {@link UnusableEngineError}. */
export async function checkEngine(dataSource: DataSource): Promise<EngineCheck> {
  const [session] = await queryRows<Session>(dataSource, SESSION);
  const { database = "", role = "", readOnly = "off", mayUseSchema = false } = session ?? {};
  const where = `engine database ${database}`;
  if (readOnly !== "on") {
    throw new UnusableEngineError(
      `${where}: sessions are not read-only, perhaps because of a connection pooler; ` +
        `run ALTER ROLE ${role} SET default_transaction_read_only = on, and start again`,
    );
  }
  if (!mayUseSchema) {
    throw new UnusableEngineError(
      `${where}: role ${role} may not use the schema public, where an engine's tables are; ` +
        `run GRANT USAGE ON SCHEMA public TO ${role} there`,
    );
  }
  const columns = await queryRows<FoundColumn>(dataSource, COLUMNS, [
    Object.entries(ENGINE_COLUMNS).flatMap(([table, names]) => names.map(() => table)),
    Object.values(ENGINE_COLUMNS).flat(),
  ]);
  const missing = listMissing(columns);
  if (missing.length > 0) {
    throw new UnusableEngineError(
      `${where} lacks ${missing.join(", ")}; give DATABASE_URL the database of an oVirt engine 4.3 to 4.5`,
    );
  }
  const forbidden = [
    ...new Set(columns.filter(({ mayRead }) => !mayRead).map(({ table }) => `SELECT on ${table}`)),
  ];
  if (forbidden.length > 0) {
    throw new UnusableEngineError(
      `${where}: role ${role} lacks ${forbidden.join(", ")}; give it these rights, as docs/ovirt.md shows`,
    );
  }
  const secured = [...new Set(columns.filter(({ isSecured }) => isSecured).map(({ table }) => table))];
  if (secured.length > 0) {
    throw new UnusableEngineError(
      `${where}: row-level security applies to role ${role} at ${secured.join(", ")}, whatever its policies let through; ` +
        `run ALTER ROLE ${role} BYPASSRLS there`,
    );
  }
  await tryAllReads(dataSource, where, role);
  const roleMayWrite = columns.some((column) => column.mayWrite);
  return {
    readOnly: true,
    database,
    role,
    roleMayWrite,
    message:
      `${where}: read only, as ${role}; nothing is migrated, written or polled` +
      (roleMayWrite ? "; this role may write, and one that has only SELECT would do" : ""),
  };
}

interface Session {
  readonly database: string;
  readonly role: string;
  readonly readOnly: string;
  readonly mayUseSchema: boolean;
}

interface FoundColumn {
  readonly table: string;
  readonly column: string;
  readonly tableExists: boolean;
  readonly columnExists: boolean;
  readonly mayRead: boolean;
  readonly mayWrite: boolean;
  /** Row-level security is active for the role and the table. */
  readonly isSecured: boolean;
}

function listMissing(columns: readonly FoundColumn[]): string[] {
  const missing = columns
    .filter(({ columnExists }) => !columnExists)
    .map(({ table, column, tableExists }) => (tableExists ? `column ${table}.${column}` : `table ${table}`));
  return [...new Set(missing)];
}

/**
 * Makes one small read of each kind, as the gateway will make them. No catalogue shows all ways in which rights can be
 * missing.
 */
async function tryAllReads(dataSource: DataSource, where: string, role: string): Promise<void> {
  try {
    await tryReads(createEngineStore(dataSource));
  } catch (error) {
    if (error instanceof DatabaseUnavailableError && !["rights", "missing"].includes(error.reason))
      throw error;
    throw new UnusableEngineError(
      `${where}: role ${role} cannot read what the gateway reads: ${formatDatabaseError(error)}`,
      { cause: error },
    );
  }
}

const SESSION = `
  SELECT current_database() AS database, current_user AS role,
    current_setting('transaction_read_only') AS "readOnly",
    coalesce(has_schema_privilege(to_regnamespace('public')::oid, 'USAGE'), true) AS "mayUseSchema"`;

/**
 * Reads pg_catalog, because information_schema hides what the role may not read: it shows a forbidden column as a
 * missing one.
 */
const COLUMNS = `
  SELECT wanted."table", wanted."column",
    found.oid IS NOT NULL AS "tableExists",
    attribute.attnum IS NOT NULL AS "columnExists",
    coalesce(has_column_privilege(found.oid, attribute.attnum, 'SELECT'), false) AS "mayRead",
    coalesce(has_table_privilege(found.oid, 'INSERT, UPDATE, DELETE, TRUNCATE'), false) AS "mayWrite",
    coalesce(row_security_active(found.oid), false) AS "isSecured"
  FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS wanted ("table", "column", place)
  CROSS JOIN LATERAL (SELECT to_regclass(quote_ident(wanted."table"))::oid AS oid) AS found
  LEFT JOIN pg_catalog.pg_attribute AS attribute
    ON attribute.attrelid = found.oid AND attribute.attname = wanted."column" AND NOT attribute.attisdropped
  ORDER BY wanted.place`;
