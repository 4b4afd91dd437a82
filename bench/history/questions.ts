import { formatTable } from "../../src/commands/table.js";
import { parseCidr } from "../../src/model/address/cidr.js";
import type { NetworkStatsKey } from "../../src/store/finding-types.js";
import type { ReadStore, VmFilter, VmOrder } from "../../src/store/types.js";
import { LARGE_FLEET } from "../../test/store/read/large-fleet.js";
import { largeId } from "../../test/support/databases/large-ids.js";
import { openDatabase } from "../support/database.js";
import { computeMedian } from "../support/median.js";

/** Measures questions about 100,000 VMs in our own tables: the time of each, from the call to the rows. */
export async function benchQuestions(): Promise<void> {
  const database = await openDatabase({});
  const { client, store, version } = database;
  try {
    for (const statement of LARGE_FLEET) await client.query(statement);
    console.log(`100,000 VMs, PostgreSQL ${version}; ms, median and longest of ${ROUNDS}`);
    const table: (string | number)[][] = [];
    for (const [name, ask] of Object.entries(listQuestions(store))) {
      const times: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const start = performance.now();
        await ask();
        times.push(performance.now() - start);
      }
      table.push([name, computeMedian(times).toFixed(1), Math.max(...times).toFixed(1)]);
    }
    console.log(formatTable(["question", "median", "longest"], table));
  } finally {
    await database.close();
  }
}

const ROUNDS = 15;

const ORDERS: readonly VmOrder[] = [
  "NAME_ASC",
  "HOST_ASC",
  "STATUS_ASC",
  "LAST_CHANGE_DESC",
  "PRIMARY_ADDRESS_ASC",
];

const STATS_KEYS: readonly NetworkStatsKey[] = ["HOST", "NETWORK", "FAMILY", "STALE_REASON"];

function listQuestions(store: ReadStore): Record<string, () => Promise<unknown>> {
  const page = { limit: 51, after: null } as const;
  const find = (filter: VmFilter) => store.readVmsPage({ ...page, filter, order: "NAME_ASC" });
  const pages = ORDERS.flatMap((order): [string, () => Promise<unknown>][] => [
    [`first page, ${order}`, () => store.readVmsPage({ ...page, filter: {}, order })],
    [`last page, ${order}`, () => store.readVmsPage({ ...page, filter: {}, order, fromEnd: true })],
  ]);
  return {
    ...Object.fromEntries(pages),
    "VMs by 100 ids": () => find({ ids: Array.from({ length: 100 }, (_, at) => largeId("1", 37 * at + 1)) }),
    "who has an address": () => find({ ip: "10.0.3.7" }),
    "who has a MAC, inside or outside": () => find({ search: { kind: "mac", mac: "56:6f:00:00:03:07" } }),
    "who is in a /24": () => find({ search: { kind: "inCidr", cidr: parseCidr("10.0.7.0/24") } }),
    "addresses in a /24": () =>
      store.readGuestAddresses({ inCidr: parseCidr("10.0.7.0/24"), after: null, limit: 51 }),
    "what does not fit, of one kind": () =>
      store.readDrift({ kinds: ["NIC_NOT_SHOWN"], after: null, limit: 51 }),
    "how much does not fit": () => store.countDrift({ kinds: null }),
    "addresses of several VMs": () =>
      store.readAddressConflicts({ within: null, network: null, after: null, limit: 51 }),
    "MACs of several VMs": () => store.readMacConflicts({ after: null, limit: 51 }),
    "mark of the last change": () => store.readChangeMark(),
    ...Object.fromEntries(
      STATS_KEYS.map((by) => [`figures by ${by}`, () => store.readNetworkStats({ filter: {}, by })]),
    ),
  };
}
