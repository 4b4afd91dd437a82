import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The package's folder, where `package.json` is, whether the program is compiled or not. */
export const PACKAGE_ROOT = findPackageRoot(dirname(fileURLToPath(import.meta.url)));

/** The version in `package.json`. */
export const VERSION: string = readVersionIn(join(PACKAGE_ROOT, "package.json"));

function findPackageRoot(folder: string): string {
  try {
    readVersionIn(join(folder, "package.json"));
    return folder;
  } catch (error) {
    if (dirname(folder) === folder) throw error;
    return findPackageRoot(dirname(folder));
  }
}

function readVersionIn(file: string): string {
  const content: unknown = JSON.parse(readFileSync(file, "utf8"));
  if (typeof content === "object" && content !== null && "version" in content) return String(content.version);
  throw new Error(`${file} gives no version; reinstall vnic-graph`);
}
