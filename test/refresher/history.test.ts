import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createChangeLog } from "../../src/store/changes/change-log.js";
import { toVersion, type VmVersion } from "../../src/store/changes/versions/vm-version.js";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";
import { omitTimes } from "../support/passes/omit-times.js";
import { anyStep, runSeries, VM_IDS } from "../support/passes/pass-series.js";

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase({ poolSize: 3 });
});
afterAll(() => database.drop());

test("any series of passes can be asked for as it was after each of them", async () => {
  const log = createChangeLog(database.dataSource);
  let asked = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { minLength: 3, maxLength: 20 }), async (steps) => {
      for (const { at, seen } of await runSeries(database, steps, storedVersions)) {
        asked += 1;
        const past = await log.readVmVersions(VM_IDS, at);
        expect(byId(past.map(omitTimes))).toEqual(seen);
      }
    }),
    { numRuns: 15 },
  );
  expect(asked).toBeGreaterThan(50);
});

async function storedVersions(): Promise<VmVersion[]> {
  return byId((await database.store.readVms(VM_IDS)).map(toVersion));
}

function byId(versions: readonly VmVersion[]): VmVersion[] {
  return versions.toSorted((left, right) => (left.id < right.id ? -1 : 1));
}
