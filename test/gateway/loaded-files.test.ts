import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";
import { writeLoadHook } from "../support/processes/load-hook.js";
import { runVnicGraph } from "../support/processes/process.js";

/** Writes the URL of every module that Node loads to the file that LOADED_FILES names. */
const HOOK = `process.getBuiltinModule("node:fs").appendFileSync(process.env.LOADED_FILES, url + "\\n");`;

let folder: string;
let database: TestDatabase;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "vnic-graph-loaded-"));
  database = await createDatabase();
});

afterEach(async () => {
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

/** Starts a gateway, waits until it listens, stops it; returns the modules that it loaded. */
async function startAndListModules(settings: Readonly<Record<string, string>>): Promise<string[]> {
  const list = join(folder, "loaded.txt");
  await writeFile(list, "");
  const run = runVnicGraph(
    ["start"],
    { PORT: "0", DATABASE_URL: database.url, LOADED_FILES: list, ...settings },
    [...writeLoadHook(folder, HOOK), "src/main.ts"],
  );
  await run.says(/GraphQL: http:\S+\/graphql/);
  run.child.kill("SIGTERM");
  expect(await run.ended).toBe(0);
  return (await readFile(list, "utf8")).split("\n").filter((url) => url !== "");
}

test("a production start loads no file of the simulator and no certificate library", async () => {
  const loaded = await startAndListModules({ VDSM_HOSTS: "127.0.0.1:1", VDSM_TLS: "off" });
  expect(loaded.some((url) => url.includes("/src/gateway/hosts/host-pool"))).toBe(true);
  expect(loaded.filter((url) => /\/src\/simulator\/|@peculiar\/x509/.test(url))).toEqual([]);
});
