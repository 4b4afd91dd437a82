import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { startEmbeddedPostgres } from "../../../src/embedded-postgres/embedded-postgres.js";

/** A server with a role that may create databases. */
export interface PostgresServer {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Opens the PostgreSQL that the variable names, or starts an embedded one with these settings, which leaves nothing
 * behind.
 */
export async function startPostgresServer(
  variable: "TEST_DATABASE_URL" | "DATABASE_URL",
  settings: Readonly<Record<string, string>> = {},
): Promise<PostgresServer> {
  const given = process.env[variable];
  if (given !== undefined && given !== "") return { url: given, stop: () => Promise.resolve() };
  const dataDir = await mkdtemp(join(tmpdir(), "vnic-graph-test-"));
  const server = await startEmbeddedPostgres({ dataDir, log: () => undefined, settings });
  return {
    url: server.url,
    stop: async () => {
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Returns the URL of another database on the same server, with the same role. */
export function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

/** Runs one statement on a connection of its own, and returns its rows. */
export async function runSql<Row extends pg.QueryResultRow = pg.QueryResultRow>(
  url: string,
  statement: string,
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  // If the server ends meanwhile, the statement fails.
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(statement)).rows;
  } finally {
    await client.end();
  }
}
