import { ConfigError } from "../../config.js";
import { createDataSource } from "../../store/postgres/data-source.js";
import { listPendingMigrations } from "../../store/postgres/migrate.js";
import type { Database } from "./database.js";
import { formatError } from "../format-error.js";

/**
 * Opens a database whose tables exist, for a command that must not change them. Throws if it cannot be reached, or if
 * this version has not brought it up to date.
 */
export async function openExistingDatabase(url: string): Promise<Pick<Database, "dataSource" | "close">> {
  const dataSource = createDataSource(url, { poolSize: 1, statementTimeoutMs: STATEMENT_TIMEOUT_MS });
  try {
    await dataSource.initialize();
  } catch (cause) {
    if (cause instanceof Error && cause.cause instanceof ConfigError) throw cause.cause;
    throw new Error(
      `the database of DATABASE_URL cannot be reached: ${formatError(cause)}; \`vnic-graph doctor\` says how to mend it`,
      { cause },
    );
  }
  try {
    const pending = await listPendingMigrations(dataSource);
    if (pending.length === 0) return { dataSource, close: () => dataSource.destroy() };
    throw new Error(
      `the database is not up to date (${pending.join(", ")} wait); start the gateway, or run \`vnic-graph migrate\``,
    );
  } catch (error) {
    await dataSource.destroy();
    throw error;
  }
}

const STATEMENT_TIMEOUT_MS = 5_000;
