import { randomBytes } from "node:crypto";
import pg from "pg";
import type { DataSource, Logger } from "typeorm";
import { inject } from "vitest";
import { createEngineDataSource } from "../../src/engine-store/engine-data-source.js";
import { asAdmin } from "../support/databases/database.js";
import { ENGINE_SCHEMA } from "./engine-schema.js";

/** A statement as it was sent. */
export interface Sent {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** A node of a plan, as PostgreSQL prints it. */
export interface PlanNode {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly "Sort Key"?: readonly string[];
  readonly "Rows Removed by Filter"?: number;
  readonly Plans?: readonly PlanNode[];
}

/** A small engine's database, and a role that may only SELECT from it. */
export interface EngineDatabase {
  /** Connected as the reading role. */
  readonly dataSource: DataSource;
  readonly role: string;
  /** Runs statements as the engine itself would: its owner. */
  asEngine(...statements: readonly string[]): Promise<void>;
  /** A DataSource of the reading role, not yet connected. */
  reader(): DataSource;
  /** The URL of the reading role. */
  readonly url: string;
  /** How PostgreSQL runs the statement, with what it met; without what releases before 13 cannot do. */
  planOf(sent: Sent): Promise<PlanNode>;
  /** What the reading role sent since the last call. */
  sent(): Sent[];
  drop(): Promise<void>;
}

/** Makes the database; `grants: []` leaves the role without rights, and other `schema` makes it no engine's. */
export async function createEngineDatabase(
  options: { schema?: readonly string[]; grants?: readonly string[] } = {},
): Promise<EngineDatabase> {
  const name = `vnic_graph_engine_${randomBytes(6).toString("hex")}`;
  const role = `${name}_reader`;
  await asAdmin(`CREATE DATABASE ${name}`);
  await asAdmin(`CREATE ROLE ${role} LOGIN PASSWORD 'reader'`);
  const ownerUrl = new URL(inject("databaseAdminUrl"));
  ownerUrl.pathname = `/${name}`;
  const url = new URL(ownerUrl);
  url.username = role;
  url.password = "reader";
  const owner = new pg.Client({ connectionString: ownerUrl.href });
  await owner.connect();
  const asEngine = async (...statements: readonly string[]): Promise<void> => {
    for (const statement of statements) await owner.query(statement);
  };
  await asEngine(...(options.schema ?? ENGINE_SCHEMA));
  await asEngine(...(options.grants ?? [`GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}`]));
  const log = new SentLog();
  const reader = () => createEngineDataSource(url.href, { poolSize: 3, logger: log });
  const dataSource = await reader().initialize();
  log.take();
  return {
    dataSource,
    role,
    asEngine,
    reader,
    url: url.href,
    planOf: async ({ sql, values }) => {
      await owner.query("SET enable_incremental_sort = off");
      const { rows } = await owner.query<{ "QUERY PLAN": { Plan: PlanNode }[] }>(
        `EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`,
        [...values],
      );
      return rows[0]!["QUERY PLAN"][0]!.Plan;
    },
    sent: () => log.take(),
    drop: async () => {
      if (dataSource.isInitialized) await dataSource.destroy();
      await owner.end();
      await asAdmin(`DROP DATABASE ${name} WITH (FORCE)`);
      await asAdmin(`DROP ROLE ${role}`);
    },
  };
}

class SentLog implements Logger {
  private statements: Sent[] = [];

  take(): Sent[] {
    const taken = this.statements;
    this.statements = [];
    return taken;
  }

  logQuery(sql: string, values?: unknown[]): void {
    this.statements.push({ sql, values: values ?? [] });
  }

  logQueryError(): void {}
  logQuerySlow(): void {}
  logSchemaBuild(): void {}
  logMigration(): void {}
  log(): void {}
}
