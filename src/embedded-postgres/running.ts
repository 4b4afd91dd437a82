import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createDatabaseUrl } from "./database-url.js";
import { findServerProcess } from "./processes.js";
import { CLUSTER, listDataDirs } from "./user.js";

/**
 * Finds the embedded PostgreSQL that another process runs on a data directory. Returns its URL; `null`: none runs, or
 * this user may not read its password.
 */
export async function findRunningPostgres(dataDir: string): Promise<string | null> {
  for (const directory of await listDataDirs(dataDir)) {
    const url = await readUrlAt(directory);
    if (url !== null) return url;
  }
  return null;
}

/**
 * Reads the URL from the server's files in a directory; `null`: no server runs there. The lines of `postmaster.pid` are:
 * process, directory, start, port, socket, address, shared memory, status.
 */
async function readUrlAt(directory: string): Promise<string | null> {
  const clusterDir = join(directory, CLUSTER);
  const lines = (await readIfThere(join(clusterDir, "postmaster.pid"))).split("\n");
  const port = Number(lines[3]);
  const isReady = lines[7]?.trim() === "ready";
  if (!isReady || (await findServerProcess(lines, clusterDir)) === null) return null;
  const password = (await readIfThere(join(directory, "password"))).trim();
  return password === "" || !Number.isInteger(port) ? null : createDatabaseUrl(port, password);
}

async function readIfThere(file: string): Promise<string> {
  return readFile(file, "utf8").catch(() => "");
}
