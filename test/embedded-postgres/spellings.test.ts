import { chmod, copyFile, mkdir, mkdtemp, readFile, rename, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from "../../src/embedded-postgres/embedded-postgres.js";
import { isRunning } from "../../src/embedded-postgres/processes.js";
import { findRunningPostgres } from "../../src/embedded-postgres/running.js";
import { stopOrphan } from "../../src/embedded-postgres/server.js";

/** One data directory by two paths: as it is, and over a symbolic link. */

const IS_ROOT = process.getuid?.() === 0;

let folder: string;
let real: string;
let link: string;
let running: EmbeddedPostgres[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "vnic-graph-spellings-"));
  await chmod(folder, 0o711);
  running = [];
  [real, link] = [join(folder, "real", "data"), join(folder, "link", "data")];
  await mkdir(dirname(real));
  await symlink("real", dirname(link));
});

afterEach(async () => {
  for (const server of running) await server.stop();
  await rm(folder, { recursive: true, force: true });
});

async function start(dataDir: string): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, log: () => undefined, settings: { fsync: "off" } });
  running.push(server);
  return server;
}

async function readPid(): Promise<number> {
  return Number((await readFile(join(real, "postgresql", "postmaster.pid"), "utf8")).split("\n")[0]);
}

test("a command finds the server that was started by the other path, and nobody starts a second one", async () => {
  const { url } = await start(link);
  expect(await findRunningPostgres(real)).toBe(url);
  expect(await findRunningPostgres(`${link}/`)).toBe(url);
  await expect(start(real)).rejects.toThrow(/in use by process/);
});

test("a server that an earlier process left behind is ended by the other path, and its file is not taken for a stranger's", async () => {
  await start(link);
  const pid = await readPid();
  await stopOrphan(join(real, "postgresql"));
  expect(isRunning(pid)).toBe(false);
});

test("a server whose directory was renamed is found and ended by the new name", async ({ skip }) => {
  const { url } = await start(real);
  const pid = await readPid();
  skip(!(await isThere(`/proc/${pid}/cwd`)), "the system does not say where a process works");
  const renamed = join(folder, "renamed");
  await rename(real, renamed);
  expect(await findRunningPostgres(renamed)).toBe(url);
  await stopOrphan(join(renamed, "postgresql"));
  expect(isRunning(pid)).toBe(false);
});

test("the server of the original is left alone where a directory is a copy of it", async () => {
  const { url } = await start(real);
  const pid = await readPid();
  const copy = join(folder, "copy");
  await mkdir(join(copy, "postgresql"), { recursive: true });
  // All that is read of it. Of a server that runs, other files vanish while they are copied.
  for (const name of ["password", "postgresql/postmaster.pid"])
    await copyFile(join(real, name), join(copy, name));
  expect(await findRunningPostgres(copy)).toBeNull();
  await stopOrphan(join(copy, "postgresql"));
  expect(isRunning(pid)).toBe(true);
  expect(await findRunningPostgres(real)).toBe(url);
});

test.runIf(IS_ROOT)(
  "what is kept elsewhere, since the server's user cannot enter, is the same for both",
  async () => {
    await chmod(folder, 0o700);
    // Closed also to those who pass through.
    const closed = [real, link].map((path) => path.replace("/data", "/home/data"));
    await mkdir(dirname(closed[0]!), { mode: 0o700 });
    const standIns = closed.map((path) =>
      join("/var/lib/vnic-graph", path.split("/").filter(Boolean).join("-")),
    );
    try {
      await (await start(closed[1]!)).stop();
      running.length = 0;
      expect(await isThere(join(standIns[0]!, "postgresql"))).toBe(true);
      expect(await isThere(standIns[1]!)).toBe(false);
    } finally {
      for (const each of standIns) await rm(each, { recursive: true, force: true });
    }
  },
);

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
