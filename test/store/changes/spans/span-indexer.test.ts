import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { formatCursor, parseCursor } from "../../../../src/store/changes/cursor.js";
import { advanceAddressIndex } from "../../../../src/store/changes/spans/span-indexer.js";
import { createDatabase, type TestDatabase } from "../../../support/databases/database.js";
import { anyStep, runSeries } from "../../../support/passes/pass-series.js";

const SMALL = { vms: 1, changes: 2 };

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase({ poolSize: 6 });
});
afterAll(() => database.drop());

beforeEach(async () => {
  await database.dataSource.query("TRUNCATE vm_static, vnic_graph_change, vnic_graph_address_span CASCADE");
  await resetIndex();
  await followToEnd();
});

test("gateways that follow the log at the same time write each span once", async () => {
  await changeSomething();
  await Promise.all([1, 2, 3, 4].map(() => followToEnd()));
  await followToEnd();
  await expectSpansAsMadeAnew();
});

test("a step that fails leaves nothing half done, and is done again", async () => {
  await changeSomething();
  await database.dataSource.query(
    `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
     CREATE TRIGGER refuse BEFORE UPDATE ON vnic_graph_address_index EXECUTE FUNCTION refuse()`,
  );
  await expect(advanceAddressIndex(database.dataSource, SMALL)).rejects.toThrow("no");
  expect(await readSpans()).toEqual([]);
  await database.dataSource.query("DROP FUNCTION refuse CASCADE");
  await followToEnd();
  await expectSpansAsMadeAnew();
});

test("after a copy took over, the spans are made anew, and until then nothing is answered", async () => {
  await changeSomething();
  await followToEnd();
  const before = await readSpans();
  await loseCursor();
  expect(await ask()).toBeNull();
  await followToEnd();
  expect(await readSpans()).toEqual(before);
  expect(await ask()).not.toBeNull();
});

test("a question is not answered from too far behind the log", async () => {
  await changeSomething();
  await database.dataSource.query(
    `INSERT INTO vnic_graph_change (at, tx, seq, vm_id, kinds, delta)
     SELECT clock_timestamp(), pg_current_xact_id(), nextval('vnic_graph_change_seq'), c.vm_id, 4, '{"st":[1,1]}'
     FROM (SELECT * FROM vnic_graph_change LIMIT 1) c CROSS JOIN generate_series(1, 2000)`,
  );
  expect(await ask()).toBeNull();
  await followToEnd({ vms: 200, changes: 1_000 });
  expect(await ask()).not.toBeNull();
});

async function changeSomething(): Promise<void> {
  const steps = fc.sample(fc.array(anyStep, { minLength: 24, maxLength: 24 }), { numRuns: 1, seed: 7 })[0]!;
  await runSeries(database, steps, () => Promise.resolve(null));
}

async function followToEnd(sizes = SMALL): Promise<void> {
  for (let step = "more"; step === "more";) step = await advanceAddressIndex(database.dataSource, sizes);
}

async function expectSpansAsMadeAnew(): Promise<void> {
  const followed = await readSpans();
  expect(followed.length).toBeGreaterThan(3);
  await resetIndex();
  await followToEnd();
  expect(await readSpans()).toEqual(followed);
}

async function resetIndex(): Promise<void> {
  await database.dataSource.query("UPDATE vnic_graph_address_index SET cursor = NULL, is_built = false");
}

/** A copy of the database, or one that was restored, has a log of another identity. */
async function loseCursor(): Promise<void> {
  const [row] = await database.dataSource.query<{ cursor: string }[]>(
    "SELECT cursor FROM vnic_graph_address_index",
  );
  const other = formatCursor({ ...parseCursor(row!.cursor), logId: "0123456789ab" });
  await database.dataSource.query("UPDATE vnic_graph_address_index SET cursor = $1", [other]);
}

function readSpans(): Promise<unknown[]> {
  return database.dataSource.query<unknown[]>(
    "SELECT * FROM vnic_graph_address_span ORDER BY since, since_seq, vm_id, address, mac, device, until",
  );
}

function ask() {
  const question = { address: "10.0.0.1", macAddress: null, from: null, to: null, after: null, limit: 9 };
  return database.store.readAddressSpans(question);
}
