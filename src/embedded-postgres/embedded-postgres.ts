import { chown, mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import pg from "pg";
import { prepareBinaries } from "./binaries.js";
import { createDatabaseUrl, DATABASE } from "./database-url.js";
import { ensureRoomForCluster, explainFullDisk } from "./disk-room.js";
import { lockDataDir } from "./lock.js";
import { readOrCreatePassword } from "./password.js";
import { runAs, type ServerUser } from "./run.js";
import { startServer, stopOrphan } from "./server.js";
import { CLUSTER, makeReachableDataDir, findServerUser } from "./user.js";

/** How to run a PostgreSQL of our own. */
export interface EmbeddedPostgresOptions {
  /** The directory of the cluster, its password and the lock. Created if absent. */
  readonly dataDir: string;
  /** Called with each line of PostgreSQL's log. */
  readonly log: (line: string) => void;
  /** Server settings in addition to ours, such as `fsync: "off"` for tests. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Called when a program of PostgreSQL's does the work, so that this process has time for something else. */
  readonly onSpawned?: () => void;
  /** Ends a start that is not wanted any more, with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** A PostgreSQL that runs as long as this process does. */
export interface EmbeddedPostgres {
  readonly url: string;
  /** Stops the server. Resolves when it is down and the directory is free. */
  stop(): Promise<void>;
}

/**
 * Starts the PostgreSQL of the npm packages on a directory that only this process uses. It listens on 127.0.0.1, on a free
 * port, with a random password. Under root it runs as another user. It stops even if this process is killed.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const wanted = resolve(options.dataDir);
  const { onSpawned = () => undefined, log, signal } = options;
  const user = await findServerUser(wanted);
  const dataDir = await makeReachableDataDir(wanted, user);
  if (dataDir !== wanted) log(`${wanted}: closed to user ${user?.name ?? ""}; data is in ${dataDir}`);
  const clusterDir = join(dataDir, CLUSTER);
  const release = await lockDataDir(dataDir);
  try {
    const binDir = await prepareBinaries(user, dataDir);
    await stopOrphan(clusterDir);
    const existing = (await isPresent(join(clusterDir, "PG_VERSION"))) ? { clusterDir, binDir, user } : null;
    const password = await readOrCreatePassword(dataDir, existing);
    const settings = { ...SETTINGS, ...options.settings };
    const sync = settings["fsync"] !== "off";
    await initializeOnce({ clusterDir, binDir, user, password, sync, onSpawned, signal });
    signal?.throwIfAborted();
    const server = await startServer({ clusterDir, binDir, user, settings, log, onSpawned });
    const stop = async () => {
      await server.stop();
      await release();
    };
    try {
      await createDatabaseOnce(server.port, password);
    } catch (error) {
      await stop();
      throw error;
    }
    return { url: createDatabaseUrl(server.port, password), stop };
  } catch (error) {
    const explained = await explainFullDisk(error, dataDir);
    await release();
    throw explained;
  }
}

interface NewCluster {
  readonly clusterDir: string;
  readonly binDir: string;
  readonly user: ServerUser | null;
  readonly password: string;
  readonly sync: boolean;
  readonly onSpawned: () => void;
  readonly signal: AbortSignal | undefined;
}

/** Creates the cluster unless it exists. If a start is interrupted, the next one removes its incomplete directory. */
async function initializeOnce({
  clusterDir,
  binDir,
  user,
  password,
  sync,
  onSpawned,
  signal,
}: NewCluster): Promise<void> {
  if (await isPresent(join(clusterDir, "PG_VERSION"))) return;
  const newDir = `${clusterDir}.new`;
  const passwordFile = `${clusterDir}.password`;
  await rm(newDir, { recursive: true, force: true });
  await rm(passwordFile, { force: true });
  await ensureRoomForCluster(dirname(clusterDir));
  await mkdir(newDir, { mode: 0o700 });
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600, flag: "wx" });
  if (user !== null) {
    for (const path of [newDir, passwordFile]) await chown(path, user.uid, user.gid);
  }
  try {
    const syncing = sync ? [] : ["--no-sync"];
    const args = [
      ...["--pgdata", newDir, "--username", DATABASE, "--pwfile", passwordFile, "--auth", "scram-sha-256"],
      ...[
        "--encoding",
        "UTF8",
        "--locale-provider",
        "builtin",
        "--builtin-locale",
        "C.UTF-8",
        "--locale",
        "C",
      ],
      ...syncing,
    ];
    const initialized = runAs(user, join(binDir, "initdb"), args, { signal });
    onSpawned();
    await initialized;
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(newDir, clusterDir);
}

async function createDatabaseOnce(port: number, password: string): Promise<void> {
  // All options are set, so that no PG* variable for another database is used.
  const client = new pg.Client({
    host: "127.0.0.1",
    port,
    user: DATABASE,
    password,
    database: "postgres",
    ssl: false,
    sslnegotiation: "postgres",
    client_encoding: "utf8",
    application_name: "vnic-graph",
    options: "-c client_min_messages=warning",
  });
  await client.connect();
  try {
    const found = await client.query("SELECT FROM pg_database WHERE datname = $1", [DATABASE]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
  } finally {
    await client.end();
  }
}

async function isPresent(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  // English messages, because the log is read to see that the server is ready.
  lc_messages: "C",
  logging_collector: "off",
  log_destination: "stderr",
  timezone: "UTC",
  max_connections: "100",
};
