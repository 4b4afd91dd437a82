import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { requireAbove } from "../model/find-above.js";

const PACKAGE_FILE = requireAbove(import.meta.dirname, "package.json");

/** The package's folder, where `package.json` is, whether the program is compiled or not. */
export const PACKAGE_ROOT = dirname(PACKAGE_FILE);

/** The version in `package.json`. */
export const VERSION: string = readVersionIn(PACKAGE_FILE);

function readVersionIn(file: string): string {
  const content: unknown = JSON.parse(readFileSync(file, "utf8"));
  if (typeof content === "object" && content !== null && "version" in content) return String(content.version);
  throw new Error(`${file} gives no version; reinstall vnic-graph`);
}
