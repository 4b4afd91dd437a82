import { realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/**
 * Finds the path of a folder without symbolic links, so that a folder has one path however it is spelled. What is not there
 * yet keeps its name.
 */
export async function findRealPath(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const above = dirname(path);
    return above === path ? path : join(await findRealPath(above), basename(path));
  }
}
