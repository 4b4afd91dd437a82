import { afterAll, beforeAll, expect, test } from "vitest";
import { createEngineStore } from "../../src/engine-store/engine-store.js";
import type { VmCursor } from "../../src/store/types.js";
import { serveStore } from "../fast/support/serve-store.js";
import { createEngineDatabase, type EngineDatabase } from "./engine-database.js";

let engine: EngineDatabase;

/** In the order of English, which is that of no code points. */
const NAMES = ["_a", "a", "A", "ä", "a-b", "ab", "B", "z", "Z", "ж"];

beforeAll(async () => {
  engine = await createEngineDatabase();
  await engine.asEngine(
    `ALTER TABLE vm_static ALTER COLUMN vm_name TYPE varchar(255) COLLATE "en-x-icu"`,
    `ALTER TABLE vds_static ALTER COLUMN vds_name TYPE varchar(255) COLLATE "en-x-icu"`,
    ...["alpha", "Zeta"].map(
      (name) =>
        `INSERT INTO vds_static (vds_id, vds_name, host_name, port) VALUES (gen_random_uuid(), '${name}', '${name}', 54321)`,
    ),
    ...[...NAMES, ...NAMES].map(
      (name) => `WITH made AS (SELECT gen_random_uuid() AS id)
        INSERT INTO vm_static (vm_guid, vm_name, entity_type, vmt_guid) SELECT id, '${name}', 'VM', id FROM made`,
    ),
  );
});

afterAll(() => engine.drop());

test.each(["NAME_ASC", "NAME_DESC"] as const)(
  "pages by name miss and repeat no VM in a language's order either: %s",
  async (order) => {
    const store = createEngineStore(engine.dataSource);
    const seen: VmCursor[] = [];
    for (let after: VmCursor | null = null; ;) {
      const page = await store.readVmsPage({ limit: 3, after, filter: {}, order });
      seen.push(...page);
      if (page.length < 3) break;
      after = page.at(-1) ?? null;
    }
    expect(new Set(seen.map((vm) => vm.id)).size).toBe(2 * NAMES.length);
    expect(seen).toHaveLength(2 * NAMES.length);
    expect(seen.map((vm) => vm.name).toSorted()).toEqual([...NAMES, ...NAMES].toSorted());
  },
);

test("hosts come in the same order from a plan and from execution", async () => {
  const store = createEngineStore(engine.dataSource);
  const viewers = { all: { roles: new Set(["reader"] as const), scope: null } };
  const asked = { query: "{ hosts { name vms(first: 2) { name } } }", variables: {}, headers: {} };
  const plain = await serveStore(store, viewers, null);
  const fast = await serveStore(store, viewers, ({ scope }) => store.createTreeReadsFor(scope));
  const expected = await plain.ask(asked, "all");
  expect(await fast.ask(asked, "all")).toEqual(expected);
  expect(JSON.parse(expected.body)).toEqual({
    data: {
      hosts: [
        { name: "Zeta", vms: [] },
        { name: "alpha", vms: [] },
      ],
    },
  });
});
