import { writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Writes a module that makes Node run some code before it loads each module; `url` is that module's. Returns the flags
 * of Node that load the hook after tsx.
 */
export function writeLoadHook(folder: string, code: string): readonly string[] {
  const hook = `export async function load(url, context, next) {
  ${code}
  return next(url, context);
}`;
  const path = join(folder, "hook.mjs");
  writeFileSync(
    path,
    `import { register } from "node:module";
register("data:text/javascript," + encodeURIComponent(${JSON.stringify(hook)}));`,
  );
  return ["--import", "tsx", "--import", `file://${path}`];
}
