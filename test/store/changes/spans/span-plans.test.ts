import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makePast, formatAddressAt } from "../../../../bench/history/history-data.js";
import { openExplainedReads } from "../../../../bench/history/explained-reads.js";
import pg from "pg";
import { createChangeLog } from "../../../../src/store/changes/change-log.js";
import { formatCursor } from "../../../../src/store/changes/cursor.js";
import type { AddressSpansQuestion, ReadStore } from "../../../../src/store/types.js";
import { createDatabase, type TestDatabase } from "../../../support/databases/database.js";

let database: TestDatabase;
let client: pg.Client;
let explained: ReturnType<typeof openExplainedReads>;

/** Each address was had by some VMs one after the other; 40,000 spans are enough that a whole scan would be the dearer way. */
const SIZE = { vms: 1_000, changes: 40_000 };

beforeAll(async () => {
  database = await createDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const log = createChangeLog(database.dataSource);
  await log.maintain(90 * 86_400_000);
  await makePast(client, SIZE);
  await client.query("UPDATE vnic_graph_address_index SET cursor = $1, is_built = true", [
    formatCursor((await log.openTail()).cursor),
  ]);
  explained = openExplainedReads(client);
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

const ASKED = { address: null, macAddress: null, from: null, to: null, after: null, limit: 51 };

async function findAddress(): Promise<string> {
  const { rows } = await client.query<{ address: string }>(`SELECT ${formatAddressAt("7", "3")} AS address`);
  return rows[0]!.address;
}

/** Asks, and returns what it took in the database. */
async function measure(question: Partial<AddressSpansQuestion>, reads: ReadStore = explained.reads) {
  const spans = await reads.readAddressSpans({ ...ASKED, ...question });
  return { found: spans?.length ?? -1, cost: await explained.takeCost() };
}

describe("who had an address comes by the index, whatever there is besides", () => {
  test("of an address, at any time, and of a period", async () => {
    const address = await findAddress();
    const at = new Date(Date.now() - 40 * 86_400_000);
    for (const period of [{}, { from: at, to: at }, { from: at }]) {
      const { found, cost } = await measure({ address, ...period });
      expect(found).toBeGreaterThanOrEqual(0);
      expect([...cost.scanned]).toEqual([]);
      expect([...cost.indexes]).toContain("idx_vnic_graph_address_span_address");
      // A few pages of the index, and a page a row.
      expect(cost.blocks).toBeLessThan(300);
    }
    expect((await measure({ address })).found).toBeGreaterThan(0);
  });

  test("of a MAC, and page by page", async () => {
    const { found, cost } = await measure({ macAddress: "00:00:00:00:00:07", limit: 20 });
    expect(found).toBe(20);
    expect([...cost.scanned]).toEqual([]);
    expect([...cost.indexes]).toContain("idx_vnic_graph_address_span_mac");
    expect(cost.blocks).toBeLessThan(300);
  });
});
