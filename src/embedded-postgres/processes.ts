import { readFile, stat } from "node:fs/promises";
import { findRealPath } from "./real-path.js";
import { runAs } from "./run.js";

/** Returns `true` if a process with that number exists, whoever owns it. */
export function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Reads when a process started, in the system's own unit; `""` if it is unknown. */
export async function readStartTime(pid: number): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    // Field 22. The second field is the name in brackets, which may contain blanks.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return (await runAs(null, "ps", ["-o", "lstart=", "-p", String(pid)]).catch(() => "")).trim();
  }
}

/** Reads the command line of a process; `""` if it is gone. */
export async function readCommandLine(pid: number): Promise<string> {
  try {
    return (await readFile(`/proc/${pid}/cmdline`, "utf8")).replaceAll("\0", " ");
  } catch {
    return (await runAs(null, "ps", ["-o", "command=", "-p", String(pid)]).catch(() => "")).trim();
  }
}

/**
 * Finds the process of the server whose `postmaster.pid` has these lines and lies in this directory; `null`: none runs. The file names
 * the directory as the server was told it, which may be another path to it, or one from before it was renamed. The copy of a file
 * names that of another server.
 */
export async function findServerProcess(
  lines: readonly string[],
  clusterDir: string,
): Promise<number | null> {
  const [pid, told = ""] = [Number(lines[0]), lines[1]];
  if (!isRunning(pid) || told === "" || !(await readCommandLine(pid)).includes(told)) return null;
  // PostgreSQL works in its data directory. Without /proc, or the right to look there, paths have to do.
  const [used, given] = await Promise.all([identify(`/proc/${pid}/cwd`), identify(clusterDir)]);
  const isSame =
    used === null ? (await findRealPath(told)) === (await findRealPath(clusterDir)) : used === given;
  return isSame ? pid : null;
}

/** Identifies a folder, whatever paths lead to it; `null`: it cannot be looked at. */
async function identify(folder: string): Promise<string | null> {
  return stat(folder, { bigint: true }).then(
    ({ dev, ino }) => `${dev}:${ino}`,
    () => null,
  );
}
