/** Removes compiled migrations that have no source any more, as after a change of branch: every file there would run. */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

const compiled = "dist/migrations";
for (const file of readdirSync(compiled, { recursive: true })) {
  if (!file.includes(".")) continue;
  const source = file.replace(/\.js(?:\.map)?$/, ".ts");
  if (!existsSync(join("migrations", source))) rmSync(join(compiled, file));
}
