import { randomUUID } from "node:crypto";
import { readdir, readFile, readlink, rename, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { makeFolder } from "./make-folder.js";
import { isRunning, readStartTime } from "./processes.js";

/**
 * Locks a data directory for this process. Returns the function that frees it.
 * 1. Write a claim in a file whose name no other process uses.
 * 2. Read all claims. If another one is alive, remove the own claim and give up, or try again if that process was only
 *    trying, too.
 *
 * Of two processes, at least the later one sees the other's claim, so they never both continue. The claim of a dead process
 * never becomes valid again, because each name is used once. So anybody may remove it at any time.
 */
export async function lockDataDir(dataDir: string): Promise<() => Promise<void>> {
  const folder = join(dataDir, "lock");
  await removeOldLock(folder, dataDir);
  for (let attempt = 0; ; attempt++) {
    const claim = await writeClaim(folder).catch((error: unknown) => {
      // Another process freed the last claim and removed the folder just now.
      if (error instanceof Error && "code" in error && error.code === "ENOENT" && attempt < ATTEMPTS)
        return null;
      throw error;
    });
    if (claim === null) continue;
    const other = await findLivingClaim(folder, claim);
    if (other === null) return holdClaim(folder, claim);
    await removeClaim(folder, claim);
    if (attempt >= ATTEMPTS) throw createInUseError(dataDir, other);
    // Waits for a random time. Otherwise two processes that only try could collide again and again.
    await sleep(20 + Math.random() * 80);
  }
}

interface Claim {
  readonly pid: number;
  /** When the process started. Another process may have its number by now, above all in a container. */
  readonly start: string;
  /** The kernel's boot and the process namespace, which differ between machines and containers. */
  readonly kernel: string;
  readonly namespace: string;
}

async function writeClaim(folder: string): Promise<string> {
  const name = randomUUID();
  const claim: Claim = {
    pid: process.pid,
    start: await readStartTime(process.pid),
    kernel: await findKernel(),
    namespace: await readlink("/proc/self/ns/pid").catch(() => ""),
  };
  await makeFolder(folder);
  const draft = join(folder, `.${name}`);
  try {
    // A rename makes the complete file appear or nothing, even on a full disk.
    await writeFile(draft, JSON.stringify(claim), { mode: 0o644 });
    await rename(draft, join(folder, name));
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  return name;
}

async function findLivingClaim(folder: string, own: string): Promise<Claim | null> {
  const ownTimeMs = (await stat(join(folder, own))).mtimeMs;
  for (const name of await readdir(folder)) {
    if (name === own || name.startsWith(".")) continue;
    const path = join(folder, name);
    const text = await readFile(path, "utf8").catch(() => null);
    const modified = await stat(path).catch(() => null);
    // The claim was freed after the folder was listed.
    if (text === null || modified === null) continue;
    const claim = parseClaim(text);
    if (claim !== null && (await isAlive(claim, ownTimeMs - modified.mtimeMs))) return claim;
    await rm(path, { force: true });
  }
  return null;
}

/**
 * Returns `true` if the claim's process is alive. A process in another container or machine can be seen only by its
 * heartbeat.
 */
async function isAlive(claim: Claim, silentMs: number): Promise<boolean> {
  const namespace = await readlink("/proc/self/ns/pid").catch(() => "");
  if (claim.kernel === (await findKernel()) && claim.namespace === namespace) {
    return isRunning(claim.pid) && (await readStartTime(claim.pid)) === claim.start;
  }
  return silentMs < SILENT_MS;
}

/**
 * Keeps the claim alive until the returned function frees it. The heartbeat is the file's modification time, by the clock
 * of the file system.
 */
function holdClaim(folder: string, name: string): () => Promise<void> {
  const path = join(folder, name);
  const refresh = async (): Promise<void> => {
    const text = await readFile(path, "utf8").catch(() => null);
    if (text !== null && !isFreed) await writeFile(path, text, { flag: "r+" }).catch(() => undefined);
  };
  let isFreed = false;
  let refreshing: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    refreshing = refresh();
  }, HEARTBEAT_MS);
  timer.unref();
  return async () => {
    isFreed = true;
    clearInterval(timer);
    await refreshing;
    await removeClaim(folder, name);
  };
}

async function removeClaim(folder: string, name: string): Promise<void> {
  await rm(join(folder, name), { force: true });
  // Fails if others have claims in the folder.
  await rmdir(folder).catch(() => undefined);
}

/**
 * Removes the lock file of earlier releases, which holds a process's number and start time. Throws if that process is
 * alive.
 */
async function removeOldLock(path: string, dataDir: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found === null || found.isDirectory()) return;
  const [pid, ...start] = (await readFile(path, "utf8").catch(() => "")).split(" ");
  const claim = { pid: Number(pid), start: start.join(" ") };
  if (isRunning(claim.pid) && (await readStartTime(claim.pid)) === claim.start)
    throw createInUseError(dataDir, claim);
  await rm(path, { force: true });
}

function parseClaim(text: string): Claim | null {
  try {
    const { pid, start, kernel, namespace } = JSON.parse(text) as Partial<Claim>;
    if (pid === undefined || start === undefined || kernel === undefined) return null;
    return { pid, start, kernel, namespace: namespace ?? "" };
  } catch {
    return null;
  }
}

async function findKernel(): Promise<string> {
  return readFile("/proc/sys/kernel/random/boot_id", "utf8").then(
    (id) => id.trim(),
    () => hostname(),
  );
}

function createInUseError(dataDir: string, { pid }: Pick<Claim, "pid">): Error {
  return new Error(
    `${dataDir}: in use by process ${pid}, another vnic-graph: stop that one, give this one another ` +
      "DATA_DIR, or share one PostgreSQL by DATABASE_URL",
  );
}

const ATTEMPTS = 5;
const HEARTBEAT_MS = 3_000;

/**
 * The time without a heartbeat after which a process counts as dead. If a gateway in another container is killed, its
 * PostgreSQL is also down by then.
 */
const SILENT_MS = 15_000;
