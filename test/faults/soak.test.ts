import { expect, test } from "vitest";
import { createDatabase } from "../support/databases/database.js";
import { soak } from "../torture/soak.js";

test("F30: hosts that fail at random for a while leave nothing mixed, lost, or served as fresh", async () => {
  const seed = Number(process.env["FAULT_SEED"] ?? 30);
  const database = await createDatabase();
  try {
    const before = sockets();
    const result = await soak({
      durationMs: 8_000,
      seed,
      databaseUrl: database.url,
      dataSource: database.dataSource,
    });
    expect(result, `seed ${seed}`).toMatchObject({ violations: [], uncaught: [], behind: [] });
    expect(result.passes).toBeGreaterThan(10);
    expect(Object.keys(result.failures).length).toBeGreaterThan(2);
    // Nothing is left behind by connections that failed in every way there is.
    await expect.poll(() => sockets()).toBeLessThanOrEqual(before + 5);
  } finally {
    await database.drop();
  }
});

/** Open sockets and servers; the test's own pool may have grown by its five connections. */
function sockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind.startsWith("TCP")).length;
}
