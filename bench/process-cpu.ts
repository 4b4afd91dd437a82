import { readdirSync, readFileSync } from "node:fs";

/** Seconds of CPU that a process has used so far; `NaN` where /proc does not say. */
export function readCpuSeconds(pid: number): number {
  const { user, system } = readStat(pid);
  return (user + system) / TICKS;
}

/** The same of a server with a process for each connection, past ones included. */
export function serverCpuSeconds(pid: number): number {
  const { user, system, pastUser, pastSystem } = readStat(pid);
  const children = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readStat(Number(name)))
    .filter(({ parent }) => parent === pid)
    .reduce((sum, child) => sum + child.user + child.system, 0);
  return (user + system + pastUser + pastSystem + children) / TICKS;
}

/** The process that started this one; `NaN` where /proc does not say. */
export function readParent(pid: number): number {
  return readStat(pid).parent;
}

function readStat(pid: number) {
  const numbers = parseFields(pid).map(Number);
  const at = (field: number) => numbers[field] ?? Number.NaN;
  return { parent: at(1), user: at(11), system: at(12), pastUser: at(13), pastSystem: at(14) };
}

/** From the third field of proc(5)'s `stat` on: the second is a name in which anything may stand. */
function parseFields(pid: number): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return [];
  }
}

/** A second, as /proc counts it on every Linux that is in use. */
const TICKS = 100;
