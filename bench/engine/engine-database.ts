import pg from "pg";
import { ENGINE_SCHEMA } from "../../test/engine-store/engine-schema.js";
import { listLargeEngine } from "../../test/engine-store/large-engine.js";
import { runSql, startPostgresServer, withDatabase } from "../../test/support/databases/postgres-server.js";
import { STILL } from "../support/database.js";
import { readParent } from "../support/process-cpu.js";

/** An engine's database of the benchmark's own, with 100,000 VMs. */
export interface LargeEngine {
  /** The URL of a role that may only SELECT. */
  readonly readerUrl: string;
  readonly version: string;
  /** The process id of the server's first process. */
  readonly serverPid: number;
  close(): Promise<void>;
}

/** Creates the database on the server of `DATABASE_URL`, or on an embedded one. */
export async function openLargeEngine(hosts: number): Promise<LargeEngine> {
  const server = await startPostgresServer("DATABASE_URL", STILL);
  const name = `vnic_graph_bench_${process.pid}`;
  await runSql(server.url, `CREATE DATABASE ${name}`);
  await runSql(server.url, `CREATE ROLE ${name} LOGIN PASSWORD 'reader'`);
  const url = withDatabase(server.url, name);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  for (const statement of [...ENGINE_SCHEMA, ...listLargeEngine(hosts)]) await client.query(statement);
  await client.query(`GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${name}`);
  const { rows } = await client.query<{ version: string; pid: number }>(
    "SELECT current_setting('server_version') AS version, pg_backend_pid() AS pid",
  );
  const { version = "", pid = 0 } = rows[0] ?? {};
  const serverPid = readParent(pid);
  await client.end();
  const readerUrl = new URL(url);
  readerUrl.username = name;
  readerUrl.password = "reader";
  return {
    readerUrl: readerUrl.href,
    version,
    serverPid,
    close: async () => {
      await runSql(server.url, `DROP DATABASE ${name} WITH (FORCE)`);
      await runSql(server.url, `DROP ROLE ${name}`);
      await server.stop();
    },
  };
}
