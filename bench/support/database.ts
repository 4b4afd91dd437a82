import pg from "pg";
import { createDataSource } from "../../src/store/postgres/data-source.js";
import { migrate } from "../../src/store/postgres/migrate.js";
import { createStore, type Store } from "../../src/store/store.js";
import { runSql, startPostgresServer, withDatabase } from "../../test/support/databases/postgres-server.js";

/** A migrated database of the benchmark's own, and a connection beside the store's. */
export interface BenchDatabase {
  readonly url: string;
  readonly client: pg.Client;
  readonly store: Store;
  readonly version: string;
  close(): Promise<void>;
}

/**
 * Opens a database on the server of `DATABASE_URL`, or on an embedded one with these settings. No commit waits for the
 * disk: every variant would pay the same for that, and it would hide the costs of the statements.
 */
export async function openDatabase(settings = STILL): Promise<BenchDatabase> {
  const server = await startPostgresServer("DATABASE_URL", settings);
  const name = `vnic_graph_bench_${process.pid}`;
  await runSql(server.url, `CREATE DATABASE ${name}`);
  await runSql(server.url, `ALTER DATABASE ${name} SET synchronous_commit = off`);
  const url = withDatabase(server.url, name);
  const dataSource = await createDataSource(url, {
    poolSize: 4,
    statementTimeoutMs: 300_000,
  }).initialize();
  await migrate(dataSource);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ server_version: string }>("SHOW server_version");
  return {
    url,
    client,
    store: createStore(dataSource),
    version: rows[0]!.server_version,
    close: async () => {
      await client.end();
      await dataSource.destroy();
      await runSql(server.url, `DROP DATABASE ${name} WITH (FORCE)`);
      await server.stop();
    },
  };
}

/** Measures the bytes of WAL during the work, those of other sessions included. */
export async function measureWalBytes<T>(
  client: pg.Client,
  work: () => Promise<T>,
): Promise<{ readonly answer: T; readonly walBytes: number }> {
  const before = await readWalPosition(client);
  const answer = await work();
  const { rows } = await client.query<{ bytes: string }>(
    "SELECT pg_current_wal_insert_lsn() - $1::pg_lsn AS bytes",
    [before],
  );
  return { answer, walBytes: Number(rows[0]!.bytes) };
}

/**
 * Measures the bytes of WAL that the work wrote for the tables of VMs and their indexes; `null` if the server cannot
 * tell.
 */
export async function measureVmTablesWalBytes(
  client: pg.Client,
  work: () => Promise<unknown>,
): Promise<number | null> {
  const before = await recordWal(client, work);
  if (before === null) return null;
  const { rows } = await client.query<{ bytes: string }>(
    `SELECT coalesce(sum(record_length), 0) AS bytes
     FROM pg_get_wal_block_info($1::pg_lsn, pg_current_wal_flush_lsn(), false) b
     JOIN pg_class c ON c.relfilenode = b.relfilenode
     LEFT JOIN pg_index i ON i.indexrelid = c.oid
     WHERE coalesce(i.indrelid, c.oid) = ANY($2::regclass[])`,
    [before, VM_TABLES],
  );
  return Number(rows[0]!.bytes);
}

/** Lists the bytes of WAL of the work by table, each with its indexes; `null` if the server cannot tell. */
export async function listWalByTable(
  client: pg.Client,
  work: () => Promise<unknown>,
): Promise<Record<string, number> | null> {
  const before = await recordWal(client, work);
  if (before === null) return null;
  // A record of two blocks is listed twice. It counts for the first block.
  const { rows } = await client.query<{ name: string; bytes: string }>(
    `SELECT coalesce(parent.inhparent::regclass::text, owner.relname) AS name, sum(b.record_length) AS bytes
     FROM pg_get_wal_block_info($1::pg_lsn, pg_current_wal_flush_lsn(), false) b
     JOIN pg_class c ON c.relfilenode = b.relfilenode
     LEFT JOIN pg_index i ON i.indexrelid = c.oid
     JOIN pg_class owner ON owner.oid = coalesce(i.indrelid, c.oid)
     LEFT JOIN pg_inherits parent ON parent.inhrelid = owner.oid
     WHERE b.block_id = 0 AND owner.relnamespace = 'public'::regnamespace GROUP BY 1 ORDER BY 2 DESC`,
    [before],
  );
  return Object.fromEntries(rows.map(({ name, bytes }) => [name, Number(bytes)]));
}

/**
 * Runs the work so that its WAL can be inspected. Returns the position at which it begins; `null` if the server cannot
 * inspect it.
 */
async function recordWal(client: pg.Client, work: () => Promise<unknown>): Promise<string | null> {
  try {
    await client.query("CREATE EXTENSION IF NOT EXISTS pg_walinspect");
  } catch {
    return null;
  }
  const before = await readWalPosition(client);
  await work();
  // One more transaction writes the log through to its file: only what is in the file can be inspected.
  await client.query("SELECT txid_current()");
  // A checkpoint would do that, too, but would then remove the first files of a long record.
  await client.query("SELECT pg_switch_wal()");
  return before;
}

async function readWalPosition(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ lsn: string }>("SELECT pg_current_wal_insert_lsn() AS lsn");
  return rows[0]!.lsn;
}

/** Settings that keep background work of PostgreSQL out of a measurement. */
export const STILL: Readonly<Record<string, string>> = {
  autovacuum: "off",
  checkpoint_timeout: "1h",
  max_wal_size: "8GB",
  shared_buffers: "512MB",
};

const VM_TABLES = [
  "vm_static",
  "vm_dynamic",
  "vm_interface",
  "vm_guest_agent_interfaces",
  "vnic_graph_vm",
  "vnic_graph_nic",
];
