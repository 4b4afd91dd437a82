import type { TestProject } from "vitest/node";
import { createDataSource } from "../../../src/store/postgres/data-source.js";
import { migrate } from "../../../src/store/postgres/migrate.js";
import { runSql, startPostgresServer, withDatabase } from "./postgres-server.js";

declare module "vitest" {
  interface ProvidedContext {
    /** URL of a role that may create databases. */
    databaseAdminUrl: string;
    /** A migrated, empty database to copy. */
    databaseTemplate: string;
  }
}

/** Starts one PostgreSQL for the whole run: `TEST_DATABASE_URL`, or an embedded one without fsync. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startPostgresServer("TEST_DATABASE_URL", FAST);
  const template = `vnic_graph_template_${process.pid}`;
  await runSql(server.url, `CREATE DATABASE ${template}`);
  const dataSource = await createDataSource(withDatabase(server.url, template), { poolSize: 1 }).initialize();
  await migrate(dataSource);
  await dataSource.destroy();
  project.provide("databaseAdminUrl", server.url);
  project.provide("databaseTemplate", template);
  return async () => {
    await runSql(server.url, `DROP DATABASE ${template}`);
    await server.stop();
  };
}

const FAST = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  max_connections: "300",
  autovacuum: "off",
};
