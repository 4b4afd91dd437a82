import { readdirSync, readFileSync } from "node:fs";

/** Reads the seconds of CPU that a process has used; `NaN` if /proc does not have them. */
export function readCpuSeconds(pid: number): number {
  const { user, system } = readStat(pid);
  return (user + system) / TICKS;
}

/** Reads the same for a server with a process for each connection, with those that have ended. */
export function readServerCpuSeconds(pid: number): number {
  const { user, system, pastUser, pastSystem } = readStat(pid);
  const children = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readStat(Number(name)))
    .filter(({ parent }) => parent === pid)
    .reduce((sum, child) => sum + child.user + child.system, 0);
  return (user + system + pastUser + pastSystem + children) / TICKS;
}

/** Reads the id of the process that started this one; `NaN` if /proc does not have it. */
export function readParent(pid: number): number {
  return readStat(pid).parent;
}

function readStat(pid: number) {
  const numbers = parseFields(pid).map(Number);
  const at = (field: number) => numbers[field] ?? Number.NaN;
  return { parent: at(1), user: at(11), system: at(12), pastUser: at(13), pastSystem: at(14) };
}

/** Parses the fields of proc(5)'s `stat` from the third on. The second is a name that may have any character. */
function parseFields(pid: number): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return [];
  }
}

/** Ticks in a second in /proc, on every Linux that is in use. */
const TICKS = 100;
