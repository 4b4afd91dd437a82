import { mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from "../../src/embedded-postgres/embedded-postgres.js";
import { mountSmallDisk, unmountSmallDisk } from "../support/databases/small-disk.js";
import { runSql } from "../support/databases/postgres-server.js";

/** A small disk of our own needs the right to mount one. */
const disk = mkdtempSync(join(tmpdir(), "vnic-graph-disk-"));
const hasDisk = mountSmallDisk(disk, 256);
const ballast = join(disk, "ballast");
const dataDir = join(disk, "data");
let server: EmbeddedPostgres | null = null;

beforeAll(() => {
  if (!hasDisk) console.warn("SKIPPED: the tests of a full disk need the right to mount a file system");
});

afterEach(async () => {
  await server?.stop();
  server = null;
});

afterAll(() => {
  if (hasDisk) unmountSmallDisk(disk);
  rmSync(disk, { recursive: true, force: true });
});

test.skipIf(!hasDisk).each([0, 1, 20, 60, 99])(
  "a first start on a disk with %i MB of room fails in one line, and works once there is room",
  async (freeMb) => {
    rmSync(dataDir, { recursive: true, force: true });
    fillUpTo(freeMb);
    const failure = await start().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    expect((failure as Error).message).toMatch(/space left/);
    expect((failure as Error).message).not.toContain("\n");
    rmSync(ballast);
    expect(await countKept(await start())).toBe(0);
  },
);

test.skipIf(!hasDisk)(
  "a disk that fills while it runs loses nothing, and writing goes on once there is room",
  async () => {
    const running = await start();
    const count = await countKept(running);
    fillUpTo(0);
    const refusals: unknown[] = [];
    for (let row = 0; row < 200 && refusals.length === 0; row += 1) {
      await insert(running).catch((error: unknown) => refusals.push(error));
    }
    expect((refusals[0] as { code?: string }).code).toBe("53100");
    const kept = await countKept(running).catch(() => null);
    rmSync(ballast);
    if (kept !== null) expect(kept).toBeGreaterThanOrEqual(count);
    await running.stop();
    const again = await start();
    const after = await countKept(again);
    await insert(again);
    expect(await countKept(again)).toBe(after + 1);
  },
);

test.skipIf(!hasDisk)(
  "a later start on a full disk fails in one line, keeps all, and works once there is room",
  async () => {
    const first = await start();
    await insert(first);
    const count = await countKept(first);
    await first.stop();
    fillUpTo(0);
    const second = await start().catch((error: unknown) => error);
    if (second instanceof Error) expect(second.message).not.toContain("\n");
    else await (second as EmbeddedPostgres).stop();
    rmSync(ballast);
    expect(await countKept(await start())).toBe(count);
  },
);

async function start(): Promise<EmbeddedPostgres> {
  server = await startEmbeddedPostgres({ dataDir, log: () => undefined });
  return server;
}

async function countKept(running: EmbeddedPostgres): Promise<number> {
  await runSql(running.url, "CREATE TABLE IF NOT EXISTS kept (content text)").catch(() => undefined);
  const [row] = await runSql<{ count: number }>(running.url, "SELECT count(*)::int AS count FROM kept");
  return row!.count;
}

/** A row of a megabyte that cannot be compressed. */
async function insert(running: EmbeddedPostgres): Promise<void> {
  await runSql(
    running.url,
    "INSERT INTO kept SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 32768)",
  );
}

function fillUpTo(freeMb: number): void {
  const { bavail, bsize } = statfsSync(disk);
  const bytes = bavail * bsize - freeMb * 1_048_576;
  if (bytes > 0) writeFileSync(ballast, Buffer.alloc(bytes));
}
