import type pg from "pg";
import { formatTable } from "../../src/commands/table.js";
import { createChangeLog } from "../../src/store/changes/change-log.js";
import { formatCursor } from "../../src/store/changes/cursor.js";
import { createDataSource } from "../../src/store/postgres/data-source.js";
import type { ReadStore } from "../../src/store/types.js";
import { openDatabase } from "../support/database.js";
import { formatAddressAt, makePast, type PastSize } from "./history-data.js";
import { openExplainedReads, type DatabaseCost } from "./explained-reads.js";
import { computeMedian } from "../support/median.js";

/** Measures questions about a long past: the time of each, in the database alone and at the caller. */
export async function benchHistory(size: PastSize): Promise<void> {
  const database = await openDatabase({});
  const { client, store } = database;
  const dataSource = createDataSource(database.url, { poolSize: 2, statementTimeoutMs: 600_000 });
  await dataSource.initialize();
  try {
    const log = createChangeLog(dataSource);
    await log.maintain(90 * 86_400_000);
    await makePast(client, size);
    // The spans exist already, so the index's cursor is set to the end of the log.
    await client.query("UPDATE vnic_graph_address_index SET cursor = $1, is_built = true", [
      formatCursor((await log.openTail()).cursor),
    ]);
    console.log(
      `${size.vms} VMs, ${size.changes} changes, PostgreSQL ${database.version}; ms, median and longest of ${ROUNDS}`,
    );
    const { rows: disk } = await client.query<{ log: string; spans: string }>(
      `SELECT pg_size_pretty((SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits
         WHERE inhparent = 'vnic_graph_change'::regclass)) AS log,
       pg_size_pretty(pg_total_relation_size('vnic_graph_address_span')) AS spans`,
    );
    console.log(`on disk: log ${disk[0]?.log ?? "?"}, spans ${disk[0]?.spans ?? "?"}`);
    const table: (string | number)[][] = [];
    const explained = openExplainedReads(client);
    const toExplain = listQuestions(explained.reads, size);
    for (const [name, ask] of Object.entries(listQuestions(store, size))) {
      const times: number[] = [];
      const costs: DatabaseCost[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const address = await findAddress(client, size, round);
        const start = performance.now();
        await ask(round, address);
        times.push(performance.now() - start);
        // Other arguments than those before, whose pages are in memory now.
        const other = round + 1_000;
        await toExplain[name as keyof typeof toExplain](other, await findAddress(client, size, other));
        costs.push(await explained.takeCost());
      }
      const inDatabase = costs.map(({ milliseconds }) => milliseconds);
      table.push([
        ...[name, computeMedian(times).toFixed(1), Math.max(...times).toFixed(1)],
        ...[computeMedian(inDatabase).toFixed(1), Math.max(...inDatabase).toFixed(1)],
        computeMedian(costs.map(({ blocks }) => blocks)),
        [...new Set(costs.flatMap(({ scanned }) => [...scanned]))].join(" ") || "–",
      ]);
    }
    console.log(
      formatTable(
        ["question", "median", "longest", "in the database", "longest", "blocks", "read whole"],
        table,
      ),
    );
  } finally {
    await dataSource.destroy();
    await database.close();
  }
}

async function findAddress(client: pg.Client, { vms }: PastSize, round: number): Promise<string> {
  const { rows } = await client.query<{ address: string }>(
    `SELECT ${formatAddressAt(String(1 + ((round * 7_717) % vms)), String(round % 20))} AS address`,
  );
  return rows[0]?.address ?? "";
}

type Reads = Pick<ReadStore, "readAddressSpans" | "readVmVersionsAt" | "readVmChanges">;

function listQuestions(store: Reads, { vms }: PastSize) {
  const vmId = (round: number) =>
    `00000000-0000-0000-0000-${(1 + ((round * 7_717) % vms)).toString(16).padStart(12, "0")}`;
  const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000);
  const all = { from: null, to: null, after: null, limit: 51 };
  const asked = { address: null, macAddress: null, ...all };
  return {
    "who had an address": (_: number, address: string) => store.readAddressSpans({ ...asked, address }),
    "who had an address at a time": (_: number, address: string) =>
      store.readAddressSpans({ ...asked, address, from: daysAgo(40), to: daysAgo(40) }),
    "what a MAC had": (round: number) =>
      store.readAddressSpans({ ...asked, macAddress: (vmId(round).slice(24).match(/../g) ?? []).join(":") }),
    "a VM, 60 days ago": (round: number) => store.readVmVersionsAt([vmId(round)], daysAgo(60)),
    "500 VMs, 60 days ago": (round: number) =>
      store.readVmVersionsAt(
        Array.from({ length: 500 }, (_, at) => vmId(round + at)),
        daysAgo(60),
      ),
    "a VM's 50 newest changes": (round: number) => store.readVmChanges([vmId(round)], all),
  };
}

const ROUNDS = 40;
