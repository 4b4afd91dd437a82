import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createDatabaseUrl } from "./database-url.js";
import { readCommandLine, isRunning } from "./processes.js";
import { CLUSTER, findReplacementDir } from "./user.js";

/**
 * Finds the embedded PostgreSQL that another process runs on a data directory. Returns its URL; `null`: none runs, or
 * this user may not read its password.
 */
export async function findRunningPostgres(dataDir: string): Promise<string | null> {
  const wanted = resolve(dataDir);
  for (const directory of [wanted, findReplacementDir(wanted)]) {
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
  const [pid, port] = [Number(lines[0]), Number(lines[3])];
  const isReady = lines[7]?.trim() === "ready";
  if (!isReady || !isRunning(pid) || !(await readCommandLine(pid)).includes(clusterDir)) return null;
  const password = (await readIfThere(join(directory, "password"))).trim();
  return password === "" || !Number.isInteger(port) ? null : createDatabaseUrl(port, password);
}

async function readIfThere(file: string): Promise<string> {
  return readFile(file, "utf8").catch(() => "");
}
