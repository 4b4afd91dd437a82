import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Finds what ships beside the program, such as `package.json`, in a folder or in the nearest one above it: from the
 * sources, from their compiled files, and from the parts that these are bundled into. `null`: it is nowhere.
 */
export function findAbove(folder: string, name: string): string | null {
  const found = join(folder, name);
  if (existsSync(found)) return found;
  const above = dirname(folder);
  return above === folder ? null : findAbove(above, name);
}

/** Finds the same, and throws where it is missing. */
export function requireAbove(folder: string, name: string): string {
  const found = findAbove(folder, name);
  if (found === null) throw new Error(`${name} is in no folder above ${folder}; reinstall vnic-graph`);
  return found;
}
