import { afterAll, beforeAll, expect, test } from "vitest";
import { createEngineStore } from "../../src/engine-store/engine-store.js";
import type { VmCursor } from "../../src/store/types.js";
import { createEngineDatabase, type EngineDatabase } from "./engine-database.js";

let engine: EngineDatabase;

/** In the order of English, which is that of no code points. */
const NAMES = ["_a", "a", "A", "ä", "a-b", "ab", "B", "z", "Z", "ж"];

beforeAll(async () => {
  engine = await createEngineDatabase();
  await engine.asEngine(
    `ALTER TABLE vm_static ALTER COLUMN vm_name TYPE varchar(255) COLLATE "en-x-icu"`,
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
