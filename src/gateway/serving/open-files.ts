import { readFileSync } from "node:fs";
import { DEFAULT_LIMITS, type Limits } from "../../model/limits.js";
import type { Log } from "../log.js";

/**
 * Bounds `connections` by a third of the files that the process may have open, since each connection is one: in a storm three
 * quarters as many wait beside them, and the database, Redis and the hosts need the rest. Otherwise the system would refuse
 * all of these, and new clients, before the bound makes room. Warns if that is less than the settings say.
 */
export function boundByOpenFiles(
  limits: Partial<Limits>,
  log: Pick<Log, "warn">,
  openFiles = readMostOpenFiles(),
): Partial<Limits> {
  const wanted = limits.connections ?? DEFAULT_LIMITS.connections;
  const connections = Math.max(1, Math.min(wanted, Math.floor(openFiles / 3)));
  if (connections === wanted) return limits;
  log.warn({ openFiles, connections }, "this process may open few files, so it takes fewer connections");
  return { ...limits, connections };
}

/** Reads how many files the process may have open. Where the system does not say it, any number. */
function readMostOpenFiles(): number {
  try {
    const [, most] = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
    return most === undefined ? Number.POSITIVE_INFINITY : Number(most);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
