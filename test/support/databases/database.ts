import { randomBytes } from "node:crypto";
import type { DataSource } from "typeorm";
import { inject } from "vitest";
import { createDataSource } from "../../../src/store/postgres/data-source.js";
import type { Store } from "../../../src/store/store.js";
import { createStore } from "../../../src/store/store.js";
import { runSql, withDatabase } from "./postgres-server.js";
import { StatementLog } from "./statement-log.js";

/** A migrated, empty database for one test. */
export interface TestDatabase {
  readonly url: string;
  readonly dataSource: DataSource;
  readonly store: Store;
  /** Returns the SQL that was sent since the last call, with BEGIN and COMMIT. */
  statements(): string[];
  /** Ends all connections and drops the database. */
  drop(): Promise<void>;
}

/**
 * Creates a database as a copy of the migrated template. `template: null` gives an empty database instead, and `locale`
 * an empty one with another language, such as `LC_COLLATE 'C' LC_CTYPE 'C'`.
 */
export async function createDatabase(
  options: { template?: null; locale?: string; poolSize?: number; lockTimeoutMs?: number } = {},
): Promise<TestDatabase> {
  const name = `vnic_graph_test_${randomBytes(6).toString("hex")}`;
  const template = options.template === null ? "" : ` TEMPLATE ${inject("databaseTemplate")}`;
  const source = options.locale === undefined ? template : ` TEMPLATE template0 ${options.locale}`;
  await asAdmin(`CREATE DATABASE ${name}${source}`);
  const url = withDatabase(inject("databaseAdminUrl"), name);
  const log = new StatementLog();
  const { poolSize = 5, lockTimeoutMs } = options;
  const dataSource = createDataSource(url, {
    poolSize,
    logger: log,
    ...(lockTimeoutMs === undefined ? {} : { lockTimeoutMs }),
  });
  await dataSource.initialize();
  log.take();
  return {
    url,
    dataSource,
    store: createStore(dataSource),
    statements: () => log.take(),
    drop: async () => {
      if (dataSource.isInitialized) await dataSource.destroy();
      await asAdmin(`DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

/** Runs one statement as the role that may create databases, outside of any test's database. */
export async function asAdmin(statement: string): Promise<void> {
  await runSql(inject("databaseAdminUrl"), statement);
}
