import { execFileSync } from "node:child_process";
import { resolve } from "node:path";

/** Builds the portal's pages once before all tests, so that no two tests build into one folder at the same time. */
export default function buildPages(): void {
  const root = resolve(import.meta.dirname, "../../..");
  execFileSync(process.execPath, [resolve(root, "scripts/build-pages.mjs")], { cwd: root, stdio: "inherit" });
}
