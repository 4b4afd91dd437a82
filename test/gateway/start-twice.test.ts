import { execFile, spawn } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";
import { temporaryFolder } from "../support/processes/gateway.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const folder = temporaryFolder();
let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
});
afterAll(async () => {
  folder.remove();
  await database.drop();
});

/** Runs `npm start` until it serves, reads the page at its address, and ends it. */
async function start(): Promise<{ readonly output: string; readonly page: string }> {
  const child = spawn("npm", ["start"], {
    cwd: ROOT,
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], DATABASE_URL: database.url, PORT: "0" },
    detached: true,
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  let output = "";
  try {
    const url = await new Promise<string>((resolve, reject) => {
      const hear = (chunk: Buffer): void => {
        output += chunk.toString();
        const [, found] = /Portal: +(http:\S+)/.exec(output) ?? [];
        if (found !== undefined) resolve(found);
      };
      child.stdout.on("data", hear);
      child.stderr.on("data", hear);
      void ended.then(() => {
        reject(new Error(`ended:\n${output}`));
      });
    });
    return { output, page: await (await fetch(url)).text() };
  } finally {
    process.kill(-child.pid!, "SIGTERM");
    await ended;
  }
}

/** Lists all files that a build writes, with when that was. */
function listBuilt(): readonly string[] {
  return readdirSync(join(ROOT, "dist"), { recursive: true, encoding: "utf8" })
    .map((path) => `${path} ${statSync(join(ROOT, "dist", path)).mtimeMs}`)
    .toSorted();
}

test("npm start serves the portal without a further step, and a second start writes no file of the build", async () => {
  const first = await start();
  expect(first.page).toContain('<div id="portal"');
  const built = listBuilt();
  expect(built.some((path) => path.startsWith("portal/index.html"))).toBe(true);
  // A few files hold the program and its packages, with the licences of these.
  expect(readFileSync(join(ROOT, "dist/src/main.js"), "utf8")).toMatch(
    /^import "\.\/parts\/|import\("\.\/parts\//m,
  );
  expect(readFileSync(join(ROOT, "dist/src/parts/LICENSES.txt"), "utf8")).toMatch(
    /^fastify [\d.]+ \(MIT\)$/m,
  );
  const second = await start();
  expect(second.page).toBe(first.page);
  expect(listBuilt()).toEqual(built);
});

test("npm start runs what was built, also where only the time of a source is newer", async () => {
  const source = join(ROOT, "src/main.ts");
  utimesSync(source, new Date(), new Date());
  await start();
  // The command compares these two times; otherwise it would run the sources.
  expect(statSync(join(ROOT, "dist/.tsbuildinfo")).mtimeMs).toBeGreaterThan(statSync(source).mtimeMs);
});

describe("a clone in which nothing was built", () => {
  const run = promisify(execFile);

  beforeAll(() => {
    for (const part of ["package.json", "tsconfig.json", "bin"])
      cpSync(join(ROOT, part), join(folder.path, part), { recursive: true });
    for (const part of ["src", "migrations"]) mkdirSync(join(folder.path, part));
    symlinkSync(join(ROOT, "node_modules"), join(folder.path, "node_modules"));
    writeFileSync(
      join(folder.path, "src/main.ts"),
      "console.log(`runs ${process.argv[2] satisfies unknown}`);",
    );
  });

  test("runs its sources by npm start where npm runs no script before that", async () => {
    const { stdout } = await run("npm", ["start", "--ignore-scripts"], { cwd: folder.path });
    expect(stdout).toContain("\nruns start\n");
  });

  test("runs its sources where nothing temporary can be written", async () => {
    const { stdout } = await run(process.execPath, ["bin/vnic-graph.mjs", "doctor"], {
      cwd: folder.path,
      env: { PATH: process.env["PATH"], TMPDIR: join(folder.path, "absent") },
    });
    expect(stdout).toBe("runs doctor\n");
  });
});
