import { statSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { createDatabase } from "../support/databases/database.js";
import { eventually } from "../support/eventually.js";
import { temporaryFolder } from "../support/processes/gateway.js";
import { runVnicGraph, type Run } from "../support/processes/process.js";

/** What a first start meets on machines that nobody prepared. */

const cleanups: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MAIN = new URL("../../src/main.ts", import.meta.url).href;

/** Runs as a user id that has no name and no home. Its file system shows it what everybody may see. */
const AS_NOBODY_KNOWN = [
  ...["--import", "tsx", "--input-type=module", "--eval"],
  `process.setgroups([]); process.setgid(0); process.setuid(123456);
   if (process.env.HOME === "none") delete process.env.HOME;
   await import(${JSON.stringify(MAIN)});`,
  "--",
];

/** Only root may become somebody else, and the clone must be open to others. */
const canBecomeNobodyKnown =
  process.getuid?.() === 0 && listFolders(ROOT).every((folder) => (statSync(folder).mode & 0o001) !== 0);

function listFolders(folder: string): string[] {
  return dirname(folder) === folder ? [folder] : [folder, ...listFolders(dirname(folder))];
}

function run(...parameters: Parameters<typeof runVnicGraph>): Run {
  const started = runVnicGraph(...parameters);
  cleanups.push(async () => {
    started.child.kill("SIGKILL");
    await started.ended;
  });
  return started;
}

function makeFolder(): string {
  const made = temporaryFolder();
  cleanups.push(() => {
    made.remove();
  });
  return made.path;
}

describe("a HOST that conda or a shell has set", () => {
  test.each(["x86_64-conda-linux-gnu", "workstation.example.org"])(
    "does not keep the demo from starting: %s",
    async (name) => {
      const gateway = run(["start"], { HOST: name, PORT: "0", DATA_DIR: makeFolder() });
      await gateway.says(/GraphQL: http:\/\/127\.0\.0\.1:\d+\/graphql/);
      const [, portal] = await gateway.says(/^Portal: (http:\/\/127\.0\.0\.1:\d+\/)$/m);
      expect(await (await fetch(portal!)).text()).toContain('<div id="portal">');
      expect(gateway.output()).toContain(
        `warning: HOST is ${name}, which is no address and so left out: shells and conda set it; --host takes a name to listen on`,
      );
    },
  );

  test("is not spoken of where a flag says on what to listen", async () => {
    const flags = ["start", "--host", "localhost", "--port", "0", "--data-dir", makeFolder()];
    const gateway = run(flags, { HOST: "x86_64-conda-linux-gnu" });
    await gateway.says(/GraphQL: http:\/\/localhost:\d+\/graphql/);
    expect(gateway.output()).not.toContain("warning");
  });
});

test("variables of libpq, set for another database, do not reach the embedded one", async () => {
  const gateway = run(["start"], {
    ...{
      PORT: "0",
      DATA_DIR: makeFolder(),
      PGSSLMODE: "require",
      PGSSLROOTCERT: "/nowhere.pem",
      PGHOST: "192.0.2.1",
    },
    ...{ PGPORT: "1", PGUSER: "other", PGPASSWORD: "other", PGDATABASE: "other", PGSERVICE: "other" },
    ...{
      PGOPTIONS: "-c search_path=nowhere",
      PGTARGETSESSIONATTRS: "standby",
      PGTZ: "Mars",
      PGCLIENTENCODING: "LATIN1",
    },
  });
  const [, url = ""] = await gateway.says(/GraphQL: (http:\S+)\/graphql/);
  await eventually(async () => {
    const answer = await fetch(`${url}/graphql?query={hosts{name}}`, {
      headers: { "content-type": "application/json" },
    });
    expect(await answer.json()).toMatchObject({ data: { hosts: [{}, {}] } });
  });
});

describe.runIf(canBecomeNobodyKnown)("a user without a name and a home", () => {
  test("runs a gateway whose database is named, which needs no folder", async () => {
    const database = await createDatabase();
    cleanups.push(() => database.drop());
    const environment = { HOME: "none", DATABASE_URL: database.url, PORT: "0", REFRESH_INTERVAL: "off" };
    const gateway = run(["start"], environment, AS_NOBODY_KNOWN);
    const [, url = ""] = await gateway.says(/GraphQL: (http:\S+)\/graphql/);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    const doctor = run(["doctor"], environment, AS_NOBODY_KNOWN);
    await doctor.ended;
    expect(doctor.output()).toMatch(/^ok {4}database: PostgreSQL \d+/m);
    expect(doctor.output()).not.toMatch(/ENOENT|homedir/);
  });

  test.each([
    [
      "none",
      /^vnic-graph: DATA_DIR must name a folder for the embedded PostgreSQL, because this user has no home; .*\n$/,
      2,
    ],
    [
      "/",
      /^vnic-graph: \/\.local\S+: cannot be made or written by this user \(EACCES\); set DATA_DIR to a folder that can, or DATABASE_URL\n$/,
      2,
    ],
    [
      "/proc",
      /^vnic-graph: \/proc\/\.local\S+: cannot be made or written by this user \(ENOENT\); set DATA_DIR to a folder that can, or DATABASE_URL\n$/,
      2,
    ],
  ])(
    "is told to set DATA_DIR where the embedded database has no place: HOME %s",
    async (home, line, code) => {
      const gateway = run(["start"], { HOME: home, PORT: "0" }, AS_NOBODY_KNOWN);
      expect(await gateway.ended).toBe(code);
      expect(gateway.output()).toMatch(line);
    },
  );
});
