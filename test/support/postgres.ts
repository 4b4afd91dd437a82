import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import type { TestProject } from "vitest/node";
import { createDataSource } from "../../src/store/data-source.js";
import { startEmbeddedPostgres } from "../../src/store/embedded-postgres.js";
import { migrate } from "../../src/store/migrate.js";

declare module "vitest" {
  interface ProvidedContext {
    /** URL of a role that may create databases. */
    databaseAdminUrl: string;
    /** A migrated, empty database to copy. */
    databaseTemplate: string;
  }
}

/** One PostgreSQL for the whole run: `TEST_DATABASE_URL`, or an embedded one that forgets to sync. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startTestServer();
  const template = `vnic_graph_template_${process.pid}`;
  await sql(server.url, `CREATE DATABASE ${template}`);
  const dataSource = await createDataSource(withDatabase(server.url, template), { poolSize: 1 }).initialize();
  await migrate(dataSource);
  await dataSource.destroy();
  project.provide("databaseAdminUrl", server.url);
  project.provide("databaseTemplate", template);
  return async () => {
    await sql(server.url, `DROP DATABASE ${template}`);
    await server.stop();
  };
}

/** The same server and role, another database. */
export function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

async function startTestServer(): Promise<{ url: string; stop: () => Promise<void> }> {
  const given = process.env["TEST_DATABASE_URL"];
  if (given !== undefined && given !== "") return { url: given, stop: () => Promise.resolve() };
  const dataDir = await mkdtemp(join(tmpdir(), "vnic-graph-test-"));
  const server = await startEmbeddedPostgres({ dataDir, log: () => undefined, settings: FAST });
  return {
    url: server.url,
    stop: async () => {
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function sql(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

const FAST = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  max_connections: "300",
  autovacuum: "off",
};
