/** Builds portal/ into dist/portal, unless what is there is newer than everything that it is made of. */
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const stamp = join(root, "dist/portal/.built");

if (builtAt() > newestSource()) {
  process.exitCode = 0;
} else {
  // Vite takes over what is set, such as by a runner of tests; React would be the slow one for developers.
  process.env.NODE_ENV = "production";
  const { build } = await import("vite");
  await build({ configFile: join(root, "portal/vite.config.ts"), logLevel: "error" });
  writeFileSync(stamp, "");
}

function builtAt() {
  return statSync(stamp, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function newestSource() {
  const sources = readdirSync(join(root, "portal"), { recursive: true, encoding: "utf8" });
  const paths = [
    // Types are for the compiler alone; no page is made of them.
    ...sources.filter((path) => !path.endsWith(".d.ts")).map((path) => join("portal", path)),
    "package-lock.json",
    "scripts/build-pages.mjs",
  ];
  return Math.max(...paths.map((path) => statSync(join(root, path)).mtimeMs));
}
