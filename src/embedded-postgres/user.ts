import { chmod, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { makeDataDir } from "./data-dir.js";
import { findRealPath } from "./real-path.js";
import { runAs, type ServerUser } from "./run.js";

/** The directory of the cluster in a data directory. */
export const CLUSTER = "postgresql";

/**
 * Finds the user as which to run; `null` unless we are root. An existing cluster keeps its owner. A new one gets the first
 * candidate that exists.
 */
export async function findServerUser(dataDir: string): Promise<ServerUser | null> {
  if (process.getuid?.() !== 0) return null;
  for (const directory of await listDataDirs(dataDir)) {
    const owner = await stat(join(directory, CLUSTER)).catch(() => null);
    if (owner !== null && owner.uid !== 0) {
      return { uid: owner.uid, gid: owner.gid, name: `uid ${owner.uid}` };
    }
  }
  for (const name of CANDIDATES) {
    const uid = await readId(name, "-u");
    const gid = await readId(name, "-g");
    if (uid !== null && gid !== null && uid !== 0) return { uid, gid, name };
  }
  throw new Error(
    "PostgreSQL cannot run as root, and there is no user `postgres` or `nobody` to run it as: " +
      "start vnic-graph as an ordinary user, or give DATABASE_URL",
  );
}

/**
 * Creates the data directory if it is absent, and returns it. If the server's user cannot enter it, as in root's home,
 * returns a directory below `/var/lib/vnic-graph`, which is always the same one.
 */
export async function makeReachableDataDir(wanted: string, user: ServerUser | null): Promise<string> {
  for (const directory of user === null ? [wanted] : await listDataDirs(wanted)) {
    await makeDataDir(directory);
    if (user === null || (await ensureCanEnter(directory, user))) return directory;
  }
  throw new Error(
    `${wanted}: PostgreSQL cannot run as root, and the user that it runs as (${user?.name ?? ""}) cannot enter this ` +
      "directory: give DATA_DIR one outside of private homes, such as /var/lib/vnic-graph",
  );
}

/**
 * Lists the directories in which the data of a data directory may be: the directory itself, and what is used instead if the
 * server's user cannot enter it. That goes by the real path, so that all spellings of one directory share it. Data that lie where an
 * earlier release put them, by the spelling, are used on.
 */
export async function listDataDirs(dataDir: string): Promise<readonly string[]> {
  const wanted = resolve(dataDir);
  const [spelled, real] = [findReplacementDir(wanted), findReplacementDir(await findRealPath(wanted))];
  const hasData = await stat(join(spelled, CLUSTER)).catch(() => null);
  return [wanted, ...(spelled !== real && hasData !== null ? [spelled] : []), real];
}

function findReplacementDir(directory: string): string {
  return join("/var/lib/vnic-graph", directory.split("/").filter(Boolean).join("-"));
}

/**
 * Returns `true` if the user can enter the directory. If only root can, permits others to pass through it, but not to read
 * it.
 */
async function ensureCanEnter(directory: string, user: ServerUser): Promise<boolean> {
  if (await canEnter(user, directory)) return true;
  const { mode } = await stat(directory);
  await chmod(directory, mode | 0o011);
  if (await canEnter(user, directory)) return true;
  await chmod(directory, mode);
  return false;
}

async function canEnter(user: ServerUser, directory: string): Promise<boolean> {
  return runAs(user, "/bin/sh", ["-c", 'cd -- "$1"', "sh", directory]).then(
    () => true,
    () => false,
  );
}

async function readId(name: string, flag: "-u" | "-g"): Promise<number | null> {
  const printed = await runAs(null, "id", [flag, name]).catch(() => "");
  return /^\d+\s*$/.test(printed) ? Number(printed) : null;
}

const CANDIDATES = ["postgres", "nobody"];
