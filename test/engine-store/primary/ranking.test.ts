import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createEngineStore } from "../../../src/engine-store/engine-store.js";
import { createPrimaryRanking } from "../../../src/engine-store/primary/ranking.js";
import { parseAddress } from "../../../src/model/address/cidr.js";
import type { EngineStore } from "../../../src/engine-store/engine-store.js";
import { askForData } from "../../graph/support/ask.js";
import { createAnyChange, listAddressChanges } from "../engine-changes.js";
import { createEngineDatabase, type EngineDatabase } from "../engine-database.js";
import { createMirroredFleet, type MirroredFleet } from "../mirrored-fleet.js";

interface Shown {
  readonly vms: {
    readonly nodes: readonly {
      readonly id: string;
      readonly guestInfo: { readonly primaryAddress: { readonly address: string } | null };
    }[];
  };
}

const PAGE =
  "{ vms(first: 500, orderBy: PRIMARY_ADDRESS_ASC) { nodes { id guestInfo { primaryAddress { address } } } } }";

/** Reads a page by primary address, and checks that the order goes by what the page itself shows. */
async function expectSorted(store: EngineStore): Promise<Shown> {
  const shown = (await askForData(store, PAGE)) as Shown;
  const keys = shown.vms.nodes.map(({ id, guestInfo: { primaryAddress } }) => {
    const { family, value } = parseAddress(primaryAddress?.address ?? "") ?? { family: 9, value: 0n };
    return `${family} ${value.toString(16).padStart(32, "0")} ${id}`;
  });
  expect(keys).toEqual(keys.toSorted());
  const ids = await store.readVmIds({
    filter: {},
    ...{ sort: { key: "ip", descending: true }, offset: 0, limit: null },
  });
  expect(ids.toSorted()).toEqual(shown.vms.nodes.map(({ id }) => id).toSorted());
  const byId = new Map(keys.map((key, at) => [shown.vms.nodes[at]!.id, key.slice(0, 34).replace(/^9/, "0")]));
  const places = ids.map((id) => byId.get(id)!);
  expect(places).toEqual(places.toSorted().toReversed());
  return shown;
}

describe("an order that is kept in memory", () => {
  let fleet: MirroredFleet;

  beforeAll(async () => {
    fleet = await createMirroredFleet(5);
  });

  afterAll(() => fleet.drop());

  const anyChange = createAnyChange(listAddressChanges("4"));

  test("is right after any change of any table, as one that was never kept", async () => {
    const { store, engine } = fleet;
    const orders = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.array(anyChange, { minLength: 1, maxLength: 2 }), async (changes) => {
        await engine.asEngine(...changes);
        const shown = await expectSorted(store);
        expect(shown.vms.nodes.length).toBe(80);
        orders.add(JSON.stringify(shown));
        expect(await askForData(createEngineStore(engine.dataSource), PAGE)).toEqual(shown);
      }),
      { numRuns: 60 },
    );
    // Nothing would be tested if the changes changed nothing.
    expect(orders.size).toBeGreaterThan(30);
  });

  test("is right after a change between any two of its statements, also where these do not see one state", async () => {
    const { dataSource } = fleet.engine;
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyChange, { minLength: 4, maxLength: 4 }),
        fc.integer({ min: 0, max: 3 }),
        async (changes, place) => {
          const ranking = createPrimaryRanking();
          const store = createEngineStore(dataSource, ranking);
          const [{ ids }] = await dataSource.query<[{ ids: Buffer }]>(
            "SELECT string_agg(uuid_send(vm_guid), ''::bytea ORDER BY vm_guid) AS ids FROM vm_static",
          );
          for (const change of changes) {
            let statement = 0;
            const interrupted = {
              query: async (sql: string, values?: unknown[]): Promise<unknown> => {
                if (statement++ === place) await fleet.engine.asEngine(change);
                return dataSource.query(sql, values);
              },
            };
            await ranking.findPlaces(interrupted, ids, 16);
          }
          await expectSorted(store);
        },
      ),
      { numRuns: 30 },
    );
  });

  test("serves readers with different scopes, who see only their VMs", async () => {
    const { store } = fleet;
    const whole = await expectSorted(store);
    for (const namePatterns of [["vm-001*"], ["vm-00*"], ["nothing"]]) {
      const scope = { namePatterns, hostIds: [], vmIds: [] };
      const scoped = store.createReaderFor(scope);
      const answer = (await askForData(scoped, PAGE)) as Shown;
      const fresh = createEngineStore(fleet.engine.dataSource).createReaderFor(scope);
      expect(await askForData(fresh, PAGE)).toEqual(answer);
      const visible = new Set(answer.vms.nodes.map(({ id }) => id));
      expect(answer.vms.nodes).toEqual(whole.vms.nodes.filter(({ id }) => visible.has(id)));
    }
  });
});

describe("a fleet of 1,300 VMs", () => {
  let engine: EngineDatabase;

  beforeAll(async () => {
    engine = await createEngineDatabase();
    const vmId = "('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid";
    await engine.asEngine(
      `INSERT INTO vm_static (vm_guid, vm_name, entity_type, vmt_guid)
        SELECT ${vmId}, 'vm-' || n, 'VM', ${vmId} FROM generate_series(1, 1300) n`,
      `INSERT INTO vm_dynamic (vm_guid, status, vm_ip)
        SELECT ${vmId}, 1, '10.0.' || 255 - n / 256 || '.' || 255 - n % 256 FROM generate_series(1, 1300) n`,
    );
  });

  afterAll(() => engine.drop());

  const PAGE_REQUEST = { limit: 1, after: null, filter: {}, order: "PRIMARY_ADDRESS_ASC" } as const;

  const readIds = async (): Promise<Buffer> => {
    const [{ ids }] = await engine.dataSource.query<[{ ids: Buffer }]>(
      "SELECT string_agg(uuid_send(vm_guid), ''::bytea ORDER BY vm_guid) AS ids FROM vm_static",
    );
    return ids;
  };

  /** Counts the statements that find VMs, read digests, read texts, and read the page. */
  function countKinds(): readonly number[] {
    const sent = engine.sent().map(({ sql }) => sql);
    return ["uuid_send(", "AS digests", "f.position::int", "array_position("].map(
      (mark) => sent.filter((sql) => sql.includes(mark)).length,
    );
  }

  test("is read whole at first; then its digests are compared, and what has changed is read", async () => {
    const store = createEngineStore(engine.dataSource);
    engine.sent();
    expect((await store.readVmsPage(PAGE_REQUEST))[0]).toMatchObject({ name: "vm-1300" });
    expect(countKinds()).toEqual([1, 0, 3, 1]);
    expect((await store.readVmsPage(PAGE_REQUEST))[0]).toMatchObject({ name: "vm-1300" });
    expect(countKinds()).toEqual([1, 1, 0, 1]);
    await engine.asEngine("UPDATE vm_dynamic SET vm_ip = '10.0.0.1' WHERE vm_ip = '10.0.255.0'");
    expect((await store.readVmsPage(PAGE_REQUEST))[0]).toMatchObject({ name: "vm-255" });
    expect(countKinds()).toEqual([1, 1, 1, 1]);
    const few = { ...PAGE_REQUEST, filter: { nameContains: "vm-12" } };
    expect((await store.readVmsPage(few))[0]).toMatchObject({ name: "vm-1299" });
    expect(countKinds()).toEqual([1, 1, 0, 1]);
    await engine.asEngine("UPDATE vm_dynamic SET vm_ip = '10.0.255.0' WHERE vm_ip = '10.0.0.1'");
  });

  test("goes on where it was if a statement fails while it is read", async () => {
    const ranking = createPrimaryRanking();
    const ids = await readIds();
    // The version, and the first two parts.
    let left = 3;
    const failing = {
      query: (sql: string, values?: unknown[]): Promise<unknown> =>
        left-- > 0 ? engine.dataSource.query(sql, values) : Promise.reject(new Error("too late")),
    };
    await expect(ranking.findPlaces(failing, ids, 16)).rejects.toThrow("too late");
    engine.sent();
    const places = await ranking.findPlaces(engine.dataSource, ids, 16);
    // 1,000 VMs are known, and 300 are read.
    expect(countKinds()).toEqual([0, 1, 1, 0]);
    expect(Array.from({ length: 1_300 }, (_, at) => places.isFound(at))).not.toContain(false);
  });

  test("is read once by requests that come together while nothing is kept", async () => {
    const ranking = createPrimaryRanking();
    engine.sent();
    const all = await Promise.all(
      [1, 2].map(async () => ranking.findPlaces(engine.dataSource, await readIds(), 16)),
    );
    for (const places of all) {
      expect(Array.from({ length: 1_300 }, (_, at) => places.isFound(at))).not.toContain(false);
    }
    // The second one looks for changes of what the first one has found.
    expect(countKinds()).toEqual([2, 1, 3, 0]);
  });

  test.each([
    [120_000, "md5("],
    [140_000, "sha256("],
  ])("goes by a digest that PostgreSQL %i can compute: %s", async (version, call) => {
    const ranking = createPrimaryRanking();
    const old = {
      query: async (sql: string, values?: unknown[]): Promise<unknown> =>
        sql.includes("server_version_num") ? [{ version }] : engine.dataSource.query(sql, values),
    };
    const ids = await readIds();
    engine.sent();
    await ranking.findPlaces(old, ids, 16);
    const places = await ranking.findPlaces(old, ids, 16);
    const sent = engine.sent();
    expect(sent.map(({ sql }) => sql.includes(call))).toEqual(Array.from(sent, () => true));
    // Three read the texts. Then nothing has changed.
    expect(sent).toHaveLength(4);
    expect(places.getAddress(0)).toBe("10.0.255.254");
  });

  test("is refused above a number of VMs; a filter makes them fewer", async () => {
    const store = createEngineStore(engine.dataSource, createPrimaryRanking(1_299));
    const message =
      "an engine's database does not keep primary addresses, and they are found for 1299 VMs at most; narrow the list by filter, or order by name, id, host or status";
    await expect(store.readVmsPage(PAGE_REQUEST)).rejects.toThrow(`orderBy: ${message}`);
    const sort = { key: "ip", descending: false } as const;
    await expect(store.readVmIds({ filter: {}, sort, offset: 0, limit: 1 })).rejects.toThrow(
      `sortby ip: ${message}`,
    );
    const filtered = { ...PAGE_REQUEST, filter: { nameContains: "vm-1" } };
    expect((await store.readVmsPage(filtered))[0]).toMatchObject({ name: "vm-1300" });
  });

  test("keeps no more VMs than twice that, however many were found before", async () => {
    const ranking = createPrimaryRanking(500);
    const ids = await readIds();
    await ranking.findPlaces(engine.dataSource, ids.subarray(0, 800 * 16), 16);
    await ranking.findPlaces(engine.dataSource, ids.subarray(500 * 16), 16);
    engine.sent();
    await ranking.findPlaces(engine.dataSource, ids.subarray(500 * 16), 16);
    expect(countKinds()).toEqual([0, 1, 0, 0]);
    await ranking.findPlaces(engine.dataSource, ids.subarray(0, 500 * 16), 16);
    expect(countKinds()).toEqual([0, 0, 1, 0]);
  });
});
