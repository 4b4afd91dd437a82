import type { ChildProcess } from "node:child_process";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import {
  chmod,
  chown,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { EmbeddedPostgres } from "../../src/embedded-postgres/embedded-postgres.js";
import { startEmbeddedPostgres } from "../../src/embedded-postgres/embedded-postgres.js";
import { prepareBinaries } from "../../src/embedded-postgres/binaries.js";
import { isRunning } from "../../src/embedded-postgres/processes.js";
import { runAs } from "../../src/embedded-postgres/run.js";
import { until } from "../store/until.js";
import { HOST_A } from "../support/builders/ids.js";
import { HOSTS, INTERVAL_MS, writePass } from "../support/builders/passes.js";
import { toGuestInterfaceOf, vmState } from "../support/builders/stored.js";
import { runSql } from "../support/databases/postgres-server.js";

const IS_ROOT = process.getuid?.() === 0;
const NOBODY = { uid: 65_534, gid: 65_534, name: "nobody" };

let dataDir: string;
let running: EmbeddedPostgres[];
let children: ChildProcess[];
let logged: string[];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "vnic-graph-embedded-"));
  running = [];
  children = [];
  logged = [];
});

afterEach(async () => {
  for (const server of running) await server.stop();
  for (const child of children) {
    if (child.exitCode === null && child.signalCode === null) {
      child.stdin?.end();
      await once(child, "exit");
    }
  }
  await rm(dataDir, { recursive: true, force: true });
});

async function start(directory = dataDir): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir: directory, log: (line) => logged.push(line) });
  running.push(server);
  return server;
}

/** Starts one in a process of its own, as another user if we are root and asked to. */
async function startInChild(user?: typeof NOBODY): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(
    process.execPath,
    ["--import", "tsx", "test/embedded-postgres/embedded-child.ts", dataDir],
    {
      ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }),
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  children.push(child);
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return { child, url: line.toString().trim() };
}

async function postmasterPid(): Promise<number> {
  return Number((await readFile(join(dataDir, "postgresql", "postmaster.pid"), "utf8")).split("\n")[0]);
}

test("says when a program of its own does the work: initdb, and then the server", async () => {
  const present: (readonly string[])[] = [];
  const options = { dataDir, log: () => undefined };
  const onSpawned = () => {
    present.push(readdirSync(dataDir).filter((name) => name.startsWith("postgresql")));
  };
  const server = await startEmbeddedPostgres({ ...options, onSpawned });
  running.push(server);
  expect(present.map((names) => names.filter((name) => !/-\d/.test(name)))).toEqual([
    ["postgresql.new", "postgresql.password"],
    ["postgresql"],
  ]);
});

describe("the embedded PostgreSQL", () => {
  test("speaks UTF-8 and code points, on loopback alone, behind a password that is its owner's alone", async () => {
    const { url } = await start();
    const [settings] = await runSql<Record<string, string>>(
      url,
      `SELECT current_setting('server_encoding') AS encoding, current_setting('listen_addresses') AS addresses,
              current_setting('unix_socket_directories') AS sockets, lower('ÄÖ') AS lower, current_user AS role`,
    );
    expect(settings).toEqual({
      encoding: "UTF8",
      addresses: "127.0.0.1",
      sockets: "",
      lower: "äö",
      role: "vnic_graph",
    });
    const wrong = new URL(url);
    wrong.password = "wrong";
    await expect(runSql(wrong.href, "SELECT 1")).rejects.toThrow(/password authentication failed/);
    expect((await stat(join(dataDir, "password"))).mode & 0o777).toBe(0o600);
    expect((await stat(join(dataDir, "postgresql"))).mode & 0o777).toBe(0o700);
    expect(logged.join("\n")).not.toContain(new URL(url).password);
  });

  test("keeps its data and password over a clean stop, and leaves no process", async () => {
    const first = await start();
    await runSql(first.url, "CREATE TABLE kept AS SELECT 7 AS value");
    const pid = await postmasterPid();
    await first.stop();
    expect(isRunning(pid)).toBe(false);
    expect(await readdir(dataDir)).toEqual(["password", "postgresql"]);
    const second = await start();
    expect(await runSql(second.url, "SELECT value FROM kept")).toEqual([{ value: 7 }]);
    expect(new URL(second.url).password).toBe(new URL(first.url).password);
  });

  test("refuses a second process on its directory in one line that says what to do", async () => {
    const { child } = await startInChild();
    const refusal = await start().catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(Error);
    expect((refusal as Error).message).toBe(
      `${dataDir}: in use by process ${child.pid!}, another vnic-graph: stop that one, give this one another ` +
        "DATA_DIR, or share one PostgreSQL by DATABASE_URL",
    );
  });

  test("ends by itself when its process is killed, and its directory can be used again", async () => {
    const { child, url } = await startInChild();
    await runSql(url, "CREATE TABLE kept AS SELECT 7 AS value");
    const pid = await postmasterPid();
    child.kill("SIGKILL");
    await once(child, "exit");
    // At once: the next start waits for what the last has left behind.
    const second = await start();
    expect(isRunning(pid)).toBe(false);
    expect(await runSql(second.url, "SELECT value FROM kept")).toEqual([{ value: 7 }]);
  });

  test("ends by itself even if nobody starts another", async () => {
    const { child } = await startInChild();
    const pid = await postmasterPid();
    child.kill("SIGKILL");
    await until(() => !isRunning(pid));
  });

  test("recovers from a kill -9 of everything", async () => {
    const { child, url } = await startInChild();
    await runSql(url, "CREATE TABLE kept AS SELECT 7 AS value");
    const pid = await postmasterPid();
    child.kill("SIGKILL");
    process.kill(pid, "SIGKILL");
    await once(child, "exit");
    expect(await runSql((await start()).url, "SELECT value FROM kept")).toEqual([{ value: 7 }]);
  });

  test("is started again on the same port if it alone is killed", async () => {
    const { url } = await start();
    await runSql(url, "CREATE TABLE kept AS SELECT 7 AS value");
    const pid = await postmasterPid();
    process.kill(pid, "SIGKILL");
    await until(async () => (await runSql(url, "SELECT value FROM kept").catch(() => [])).length === 1);
    expect(await postmasterPid()).not.toBe(pid);
    expect(logged).toContain("PostgreSQL ended unasked; it is started again");
  });

  test("can be stopped while it is being started again", async () => {
    const server = await start();
    process.kill(await postmasterPid(), "SIGKILL");
    await server.stop();
    await start();
  });

  test("is not misled by files of a process whose number another has now", async () => {
    await (await start()).stop();
    await writeFile(join(dataDir, "lock"), `${process.pid} 1`);
    await writeFile(join(dataDir, "postgresql", "postmaster.pid"), `${process.ppid}\n`);
    await start();
  });

  test("begins anew after an interrupted first start", async () => {
    await mkdir(join(dataDir, "postgresql.new"));
    await writeFile(join(dataDir, "postgresql.new", "PG_VERSION"), "18\n");
    await writeFile(join(dataDir, "postgresql.password"), "half");
    await start();
    expect(await readdir(dataDir)).toEqual(["lock", "password", "postgresql"]);
  });

  test.each([
    ["lost", (file: string) => rm(file)],
    ["empty, as a full disk leaves it", (file: string) => writeFile(file, "")],
  ])(
    "gets a new password if the file of it is %s, keeps its data, and needs none again",
    async (_, damage) => {
      const first = await start();
      await runSql(first.url, "CREATE TABLE kept AS SELECT 7 AS value");
      await first.stop();
      await damage(join(dataDir, "password"));
      const second = await start();
      expect(await runSql(second.url, "SELECT value FROM kept")).toEqual([{ value: 7 }]);
      await second.stop();
      const third = await start();
      expect(new URL(third.url).password).toBe(new URL(second.url).password);
      expect(new URL(third.url).password).not.toBe(new URL(first.url).password);
      expect((await stat(join(dataDir, "password"))).mode & 0o777).toBe(0o600);
      await expect(
        runSql(first.url.replace(/:\d+\//, `:${new URL(third.url).port}/`), "SELECT 1"),
      ).rejects.toThrow(/password authentication failed/);
    },
  );

  test("says why it does not start", async () => {
    await (await start()).stop();
    await writeFile(join(dataDir, "postgresql", "postgresql.conf"), "no_such_setting = 1\n");
    await expect(start()).rejects.toThrow(/did not start \(1\): .*no_such_setting/);
    expect(await readdir(dataDir)).not.toContain("lock");
  });

  test("writes as little for a pass without news over many VMs as over none", async () => {
    const { createDataSource } = await import("../../src/store/postgres/data-source.js");
    const { migrate } = await import("../../src/store/postgres/migrate.js");
    const { createStore } = await import("../../src/store/store.js");
    const dataSource = await createDataSource((await start()).url).initialize();
    await migrate(dataSource);
    const store = createStore(dataSource);
    await store.registerHosts(HOSTS, INTERVAL_MS);
    const walOfPass = async () => {
      const position = async () =>
        (await dataSource.query<{ lsn: string }[]>("SELECT pg_current_wal_insert_lsn() - '0/0' AS lsn"))[0]!
          .lsn;
      const measures: number[] = [];
      // The server's own chores write too, now and then: the least of several passes is a pass alone.
      for (let round = 0; round < 5; round++) {
        const before = await position();
        await writePass(store, HOST_A);
        await store.readHostVms(HOST_A, []);
        measures.push(Number(await position()) - Number(before));
      }
      return Math.min(...measures);
    };
    await dataSource.query("CHECKPOINT");
    await writePass(store, HOST_A);
    const ofNone = await walOfPass();
    const numbers = Array.from({ length: 500 }, (_, index) => index + 1);
    await writePass(store, HOST_A, {
      newVms: numbers.map((number) => vmState(number)),
      insertedInterfaces: numbers.map((number) => toGuestInterfaceOf(number)),
    });
    expect(Math.abs((await walOfPass()) - ofNone)).toBeLessThan(100);
    await dataSource.destroy();
  });
});

describe.runIf(IS_ROOT)("the embedded PostgreSQL under root", () => {
  test("runs as another user, who owns the cluster and nothing else", async () => {
    await start();
    expect((await stat(join(dataDir, "postgresql"))).uid).not.toBe(0);
    expect((await stat(join(dataDir, "password"))).uid).toBe(0);
    expect((await stat(`/proc/${await postmasterPid()}`)).uid).toBe(
      (await stat(join(dataDir, "postgresql"))).uid,
    );
  });

  test("goes on as the user who owns the cluster", async () => {
    await (await start()).stop();
    await runAs(null, "chown", ["-R", `${NOBODY.uid}:${NOBODY.gid}`, join(dataDir, "postgresql")]);
    await start();
    expect((await stat(`/proc/${await postmasterPid()}`)).uid).toBe(NOBODY.uid);
  });

  test("keeps its data elsewhere if the directory is closed to that user, always in the same place", async () => {
    await chmod(dataDir, 0o700);
    const wanted = join(dataDir, "home", "data");
    await mkdir(dirname(wanted), { mode: 0o700 });
    const standIn = join("/var/lib/vnic-graph", wanted.split("/").filter(Boolean).join("-"));
    try {
      const first = await start(wanted);
      await runSql(first.url, "CREATE TABLE kept AS SELECT 7 AS value");
      await first.stop();
      expect(logged[0]).toContain(`data is in ${standIn}`);
      const second = await start(wanted);
      expect(await runSql(second.url, "SELECT value FROM kept")).toEqual([{ value: 7 }]);
      await second.stop();
    } finally {
      await rm(standIn, { recursive: true, force: true });
    }
  });

  test("is copied beside the data if the packages are closed to that user", async () => {
    const closed = join(dataDir, "closed");
    await linkPackages(closed);
    await chmod(closed, 0o700);
    await chmod(dataDir, 0o711);
    const installed = { nativeDir: closed, version: "1" };
    const binDir = await prepareBinaries(NOBODY, dataDir, installed);
    expect(binDir).toBe(join(dataDir, "postgresql-1", "bin"));
    expect(await runAs(NOBODY, join(binDir, "postgres"), ["--version"])).toContain("PostgreSQL");
    expect(await prepareBinaries(NOBODY, dataDir, installed)).toBe(binDir);
  });

  test("runs from a copy if the packages are where initdb's shell would take the path for something else", async () => {
    const odd = join(dataDir, 'a"b $(id)');
    await linkPackages(odd);
    await chmod(dataDir, 0o711);
    const installed = { nativeDir: odd, version: "1" };
    for (const user of [null, NOBODY]) {
      expect(await prepareBinaries(user, dataDir, installed)).toBe(join(dataDir, "postgresql-1", "bin"));
    }
    await expect(prepareBinaries(null, odd, installed)).rejects.toThrow(/set DATA_DIR to another folder/);
  });

  test.each([
    { which: "can", mode: 0o755 },
    { which: "cannot", mode: 0o555 },
  ])(
    "runs where the packages were installed without their scripts, in a folder that $which be written",
    async ({ mode }) => {
      const bare = join(dataDir, "bare");
      await copyPackagesWithoutLinks(bare);
      await mkdir(join(dataDir, "data"));
      for (const folder of [bare, join(bare, "lib"), dataDir, join(dataDir, "data")])
        await chown(folder, NOBODY.uid, NOBODY.gid);
      await chmod(join(bare, "lib"), mode);
      const { stdout } = spawnSync(
        process.execPath,
        ["--import", "tsx", "test/embedded-postgres/binaries-child.ts", bare, join(dataDir, "data")],
        { uid: NOBODY.uid, gid: NOBODY.gid, encoding: "utf8" },
      );
      const home = mode === 0o755 ? bare : join(dataDir, "data", "postgresql-1");
      expect(stdout).toBe(join(home, "bin"));
      expect(await runAs(NOBODY, join(stdout, "initdb"), ["--version"])).toContain("PostgreSQL");
    },
  );

  test("runs for an ordinary user too", async () => {
    await chown(dataDir, NOBODY.uid, NOBODY.gid);
    const { child, url } = await startInChild(NOBODY);
    expect(await runSql(url, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
    expect((await stat(join(dataDir, "password"))).uid).toBe(NOBODY.uid);
    child.stdin?.end();
    expect(await once(child, "exit")).toEqual([0, null]);
    expect(await readdir(dataDir)).toEqual(["password", "postgresql"]);
  });
});

/** Makes a folder like that of the packages' PostgreSQL. */
async function linkPackages(folder: string): Promise<void> {
  const native = await findPackages();
  await mkdir(folder);
  for (const part of ["bin", "lib", "share"]) await symlink(join(native, part), join(folder, part));
}

/** Makes a folder like that of the packages' PostgreSQL before its script has made links. */
async function copyPackagesWithoutLinks(folder: string): Promise<void> {
  await cp(await findPackages(), folder, {
    recursive: true,
    filter: async (path) => !(await lstat(path)).isSymbolicLink(),
  });
}

async function findPackages(): Promise<string> {
  const require = createRequire(import.meta.url);
  const packages = join(dirname(require.resolve("embedded-postgres")), "../../@embedded-postgres");
  const [platform] = await readdir(packages);
  return join(packages, platform!, "native");
}
