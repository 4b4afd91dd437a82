import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createEngineStore } from "../../../../src/engine-store/engine-store.js";
import type { ReadStore, StoredVm } from "../../../../src/store/types.js";
import { createEngineDatabase, type EngineDatabase } from "../../../engine-store/engine-database.js";
import { addVms, changeIps, storedVm } from "../../../store/changes/log-fixtures.js";
import { HOST_A, HOST_B, HOST_C, id } from "../../../support/builders/ids.js";
import { HOSTS, INTERVAL_MS } from "../../../support/builders/passes.js";
import { createDatabase, type TestDatabase } from "../../../support/databases/database.js";
import { anyStep, runSeries } from "../../../support/passes/pass-series.js";
import { VM_ORDERS } from "../../../support/reads/vm-orders.js";
import { askForData, askForErrors } from "../../support/ask.js";
import { readBackward, readForward, readPage, type Order, type Page } from "../../support/read-vm-pages.js";

const ENGINE_ORDERS = VM_ORDERS.filter((order) => !order.startsWith("LAST"));

const COUNT = 23;
const NUMBERS = Array.from({ length: COUNT }, (_, index) => index + 1);
const IDS = NUMBERS.map(id);
const OWNERS = [HOST_A, HOST_B, null, HOST_C];
const STATUSES = [1, 0, 1, 4, 8];

/** Numeric order is not that of the texts; every fourth VM has no address, and some share theirs. */
const ADDRESSES = ["10.0.0.9", "10.0.0.10", "9.255.255.255", "2001:db8::f", "2001:db8::10", "192.0.2.1"];
const findAddress = (number: number) => (number % 4 === 0 ? null : ADDRESSES[number % ADDRESSES.length]!);

let database: TestDatabase;
let engine: EngineDatabase;
let sources: Readonly<Record<"own" | "engine", ReadStore>>;
let vms: StoredVm[];

beforeAll(async () => {
  database = await createDatabase();
  const { store } = database;
  await store.registerHosts(HOSTS, INTERVAL_MS);
  vms = NUMBERS.map((number) =>
    storedVm(number, {
      name: `vm-${number % 7}`,
      ownerId: OWNERS[number % OWNERS.length]!,
      status: STATUSES[number % STATUSES.length]!,
      silence: "ips-only",
      ips: findAddress(number),
      interfaces: [],
    }),
  );
  for (const part of [vms.slice(0, 8), vms.slice(8, 15), vms.slice(15)]) await addVms(store, part);
  // As VMs are whose last change was before such times were kept.
  await database.dataSource.query("UPDATE vnic_graph_vm SET changed_at = NULL WHERE vm_id = ANY($1)", [
    [id(3), id(11), id(12)],
  ]);
  engine = await createEngineDatabase();
  await engine.asEngine(
    ...HOSTS.map(
      (host) =>
        `INSERT INTO vds_static (vds_id, vds_name, host_name, port) VALUES ('${host.id}', '${host.name}', 'h', 54321)`,
    ),
    ...vms.flatMap((vm) => [
      `INSERT INTO vm_static (vm_guid, vm_name, entity_type, vmt_guid) VALUES ('${vm.id}', '${vm.name}', 'VM', '${vm.id}')`,
      // A VM that was just made has no state yet.
      ...(vm.id === id(5)
        ? []
        : [
            `INSERT INTO vm_dynamic (vm_guid, status, run_on_vds, vm_ip) VALUES ('${vm.id}', ${vm.status}, ${vm.ownerId === null ? "NULL" : `'${vm.ownerId}'`}, ${vm.ips === null ? "NULL" : `'${vm.ips}'`})`,
          ]),
    ]),
  );
  sources = { own: store, engine: createEngineStore(engine.dataSource) };
});

afterAll(() => Promise.all([database.drop(), engine.drop()]));

describe.each([
  ...VM_ORDERS.map((order) => ["own", order] as const),
  ...ENGINE_ORDERS.map((order) => ["engine", order] as const),
])("VMs of the source %s in the order %s", (source, order) => {
  test("come each once, whatever the size of a page, and backwards in the reverse order", async () => {
    const whole = await readForward(sources[source], order, 500);
    expect(whole.toSorted()).toEqual(IDS);
    for (const size of [1, 2, 5, COUNT - 1, COUNT]) {
      expect(await readForward(sources[source], order, size)).toEqual(whole);
      expect(await readBackward(sources[source], order, size)).toEqual(whole.toReversed());
    }
  });

  test("can be read between two places, from either end, in a fixed number of statements", async () => {
    const store = sources[source];
    const whole = await readForward(store, order, 500);
    for (const [from, to] of [
      [3, 9],
      [7, 20],
      [16, 22],
    ] as const) {
      const after = (await readPage(store, order, `first: ${from + 1}`)).pageInfo.endCursor;
      const before = (await readPage(store, order, `first: ${to + 1}`)).pageInfo.endCursor;
      const places = `after: "${after}", before: "${before}"`;
      const idsOf = (page: Page) => page.nodes.map((node) => node.id);
      database.statements();
      engine.sent();
      expect(idsOf(await readPage(store, order, `first: 4, ${places}`))).toEqual(
        whole.slice(from + 1, to).slice(0, 4),
      );
      // An engine has no primary addresses. They are found first: of which VMs, and what these have.
      const statements = source === "engine" && order.startsWith("PRIMARY") ? 3 : 1;
      expect(database.statements().length + engine.sent().length).toBe(statements);
      expect(idsOf(await readPage(store, order, `last: 4, ${places}`))).toEqual(
        whole.slice(from + 1, to).slice(-4),
      );
    }
    // Behind the last and before the first there is nothing, also where one has the value and the other has not.
    const first = (await readPage(store, order, "first: 1")).pageInfo.endCursor;
    const last = (await readPage(store, order, `first: ${COUNT}`)).pageInfo.endCursor;
    for (const page of ["first: 4", "last: 4"]) {
      expect((await readPage(store, order, `${page}, after: "${last}", before: "${first}"`)).nodes).toEqual(
        [],
      );
    }
  });
});

/** The value that an order sorts by, as a test can compare it. */
async function sortBy(order: Order, selection: string): Promise<unknown[]> {
  const data = await askForData(
    database.store,
    `{ vms(first: 500, orderBy: ${order}) { nodes { ${selection} } } }`,
  );
  return (data as { vms: { nodes: unknown[] } }).vms.nodes;
}

describe("an order sorts by", () => {
  test("the primary address as a number, IPv4 first, VMs without one last", async () => {
    const found = await sortBy("PRIMARY_ADDRESS_ASC", "guestInfo { primaryAddress { address } }");
    const addresses = found.map(
      (vm) =>
        (vm as { guestInfo: { primaryAddress: { address: string } | null } }).guestInfo.primaryAddress
          ?.address ?? null,
    );
    const known = ["9.255.255.255", "10.0.0.9", "10.0.0.10", "192.0.2.1", "2001:db8::f", "2001:db8::10"];
    const expected = NUMBERS.map(findAddress).toSorted(
      (left, right) =>
        (left === null ? 99 : known.indexOf(left)) - (right === null ? 99 : known.indexOf(right)),
    );
    expect(addresses).toEqual(expected);
  });

  test("the host's name, VMs on no host last, both ways", async () => {
    const namesOf = (vms: unknown[]) =>
      vms.map((vm) => (vm as { host: { name: string } | null }).host?.name ?? null);
    const names = namesOf(await sortBy("HOST_ASC", "host { name }"));
    expect(names.filter((name) => name !== null)).toEqual(names.filter((name) => name !== null).toSorted());
    expect(names.slice(0, names.indexOf(null))).not.toContain(null);
    expect(names.slice(names.indexOf(null))).toEqual(
      NUMBERS.filter((number) => number % 4 === 2).map(() => null),
    );
    const reversed = namesOf(await sortBy("HOST_DESC", "host { name }"));
    expect(reversed.at(0)).toBe("host-c");
    expect(reversed.at(-1)).toBeNull();
  });

  test("the last change: who changes is first of the newest", async () => {
    expect((await sortBy("LAST_CHANGE_DESC", "id"))[0]).not.toEqual({ id: id(1) });
    vms[0] = await changeIps(database.store, vms[0]!, "10.9.9.9");
    expect((await sortBy("LAST_CHANGE_DESC", "id"))[0]).toEqual({ id: id(1) });
    expect((await sortBy("LAST_CHANGE_ASC", "id")).slice(-3)).toEqual([
      { id: id(3) },
      { id: id(11) },
      { id: id(12) },
    ]);
  });
});

test("the address that VMs are sorted by is the primary address, after any series of passes", async () => {
  const other = await createDatabase();
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 1, maxLength: 8 }), async (steps) => {
        const instants = await runSeries(other, steps, async () => {
          const { vms: shown } = (await askForData(
            other.store,
            "{ vms(orderBy: ID_ASC) { nodes { id guestInfo { primaryAddress { address } } guestHistory(first: 1) { nodes { at } } } } }",
          )) as {
            vms: {
              nodes: {
                id: string;
                guestInfo: { primaryAddress: { address: string } | null };
                guestHistory: { nodes: { at: string }[] };
              }[];
            };
          };
          const stored = await other.dataSource.query<{ id: string; address: string | null; at: Date }[]>(
            "SELECT vm_id AS id, host(primary_address) AS address, date_trunc('milliseconds', changed_at + interval '999 microseconds') AS at FROM vnic_graph_vm ORDER BY vm_id",
          );
          expect(stored.map((row) => ({ ...row, at: row.at.toISOString() }))).toEqual(
            shown.nodes.map((vm) => ({
              id: vm.id,
              address: vm.guestInfo.primaryAddress?.address ?? null,
              at: vm.guestHistory.nodes[0]?.at,
            })),
          );
        });
        expect(instants.length).toBeGreaterThan(0);
      }),
      { numRuns: 10 },
    );
  } finally {
    await other.drop();
  }
});

test("an engine keeps no changes, and says so without a statement", async () => {
  engine.sent();
  expect(await askForErrors(sources.engine, "{ vms(orderBy: LAST_CHANGE_DESC) { nodes { id } } }")).toEqual([
    "NOT_AVAILABLE: orderBy: an engine's database does not keep what LAST_CHANGE_DESC goes by; order by name, id, host, status or primary address",
  ]);
  expect(engine.sent()).toEqual([]);
});

describe("what cannot be is refused with the argument's name, without a statement", () => {
  test("a cursor of another order", async () => {
    const { pageInfo } = await readPage(database.store, "HOST_ASC", "first: 1");
    database.statements();
    for (const order of VM_ORDERS.filter((each) => each !== "HOST_ASC")) {
      for (const argument of ["after", "before"]) {
        const query = `{ vms(orderBy: ${order}, ${argument}: "${pageInfo.endCursor}") { totalCount } }`;
        expect(await askForErrors(database.store, query)).toEqual([
          `BAD_USER_INPUT: ${argument}: this cursor is of another order than ${order}; start without it`,
        ]);
      }
    }
    expect(database.statements()).toEqual([]);
  });

  test.each([
    ["first: 1, last: 1", "last: given beside first; give one of them"],
    ["last: 0", "last: must be from 1 to 500, not 0"],
    ["last: 501", "last: must be from 1 to 500, not 501"],
    ['before: "x"', "before: not a cursor of this gateway; pass a startCursor as it came"],
  ])("%s", async (page, message) => {
    database.statements();
    expect(await askForErrors(database.store, `{ vms(${page}) { totalCount } }`)).toEqual([
      `BAD_USER_INPUT: ${message}`,
    ]);
    expect(database.statements()).toEqual([]);
  });

  test.each([
    ["STATUS_ASC", "x"],
    ["STATUS_ASC", null],
    ["STATUS_ASC", "99999999999"],
    ["LAST_CHANGE_ASC", "yesterday"],
    ["LAST_CHANGE_ASC", "2026-13-41T00:00:00.000000Z"],
    ["PRIMARY_ADDRESS_DESC", "10.0.0"],
    ["PRIMARY_ADDRESS_DESC", 5],
    ["HOST_DESC", "a\u0000"],
  ] as const)("a forged cursor of %s with the value %j", async (order, value) => {
    const cursor = Buffer.from(JSON.stringify([1, order, value, id(1)])).toString("base64url");
    database.statements();
    expect(
      await askForErrors(database.store, `{ vms(orderBy: ${order}, after: "${cursor}") { totalCount } }`),
    ).toEqual(["BAD_USER_INPUT: after: not a cursor of this gateway; pass an endCursor as it came"]);
    expect(database.statements()).toEqual([]);
  });
});
