import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createDatabase, type TestDatabase } from "./support/database.js";
import { runVnicGraph } from "./support/process.js";

/** Sends this process a signal when Node is about to load the module that AT_MODULE names. */
const HOOK = `export async function load(url, context, next) {
  if (url.includes(process.env.AT_MODULE)) process.kill(process.pid, "SIGTERM");
  return next(url, context);
}`;
const REGISTER = `import { register } from "node:module";
register("data:text/javascript," + encodeURIComponent(${JSON.stringify(HOOK)}));`;

let folder: string;
let database: TestDatabase;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "vnic-graph-signal-"));
  database = await createDatabase();
  await writeFile(join(folder, "hook.mjs"), REGISTER);
});

afterEach(async () => {
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

test.each([
  ["the first of its own modules", "src/main.ts", "/src/commands/program/create-program"],
  ["a library", "src/main.ts", "/node_modules/commander/"],
  ["the program, from the package's command", "bin/vnic-graph.mjs", "/src/main.ts"],
  ["a library, from the package's command", "bin/vnic-graph.mjs", "/node_modules/commander/"],
])("SIGTERM while Node loads %s ends the start with 0", async (_, program, module) => {
  const run = runVnicGraph(
    ["start"],
    { PORT: "0", DATABASE_URL: database.url, DATA_DIR: folder, AT_MODULE: module },
    ["--import", "tsx", "--import", `file://${join(folder, "hook.mjs")}`, program],
  );
  expect(await run.ended, run.output()).toBe(0);
  expect(run.output()).toBe("");
});

test("SIGTERM while Node loads a command that then has not been done ends it with 143", async () => {
  const run = runVnicGraph(
    ["migrate"],
    { DATABASE_URL: database.url, DATA_DIR: folder, AT_MODULE: "/node_modules/commander/" },
    ["--import", "tsx", "--import", `file://${join(folder, "hook.mjs")}`, "src/main.ts"],
  );
  expect(await run.ended, run.output()).toBe(143);
});
