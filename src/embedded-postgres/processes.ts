import { readFile } from "node:fs/promises";
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
