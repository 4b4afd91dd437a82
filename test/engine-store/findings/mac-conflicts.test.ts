import { expect, test } from "vitest";
import { createEngineStore } from "../../../src/engine-store/engine-store.js";
import { askForData } from "../../graph/support/ask.js";
import { mac } from "../../support/builders/ids.js";
import { createEngineDatabase } from "../engine-database.js";
import { ids, SMALL_ENGINE } from "../small-engine.js";

interface Page {
  readonly macConflicts: {
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string };
    readonly nodes: readonly { readonly macAddress: string }[];
  };
}

test("an engine tells MACs of several VMs, in any case, by page and within a scope; a template's vNIC counts for nothing", async () => {
  const engine = await createEngineDatabase();
  try {
    await engine.asEngine(
      ...SMALL_ENGINE,
      `INSERT INTO vm_interface (id, vm_guid, name, mac_addr) VALUES
        ('20000000-0000-4000-8000-0000000000a1', '${ids.twin1}', 'nic1', '56:6F:00:00:00:02'),
        ('20000000-0000-4000-8000-0000000000a2', '${ids.twin2}', 'nic1', '56:6f:00:00:00:ff'),
        ('20000000-0000-4000-8000-0000000000a3', '${ids.twin2}', 'nic2', '56:6f:00:00:00:aa'),
        ('20000000-0000-4000-8000-0000000000a4', '${ids.twin2}', 'nic3', '56:6f:00:00:00:aa')`,
    );
    const reader = createEngineStore(engine.dataSource);
    const query = (first: number, after = "") =>
      `{ macConflicts(first: ${first}${after}) { totalCount pageInfo { hasNextPage endCursor } nodes { macAddress vmCount vmNics { vm { name } } } } }`;
    engine.sent();
    const { macConflicts: all } = (await askForData(reader, query(10))) as { macConflicts: object };
    expect(all).toMatchObject({
      totalCount: 2,
      nodes: [
        {
          macAddress: mac(1),
          vmCount: 2,
          vmNics: [{ vm: { name: "busy" } }, { vm: { name: "windows" } }],
        },
        { macAddress: mac(2), vmCount: 2, vmNics: [{ vm: { name: "twin" } }, { vm: { name: "busy" } }] },
      ],
    });
    // The page, its count, the vNICs of its MACs, and their VMs.
    expect(engine.sent().filter(({ sql }) => sql.includes("FROM"))).toHaveLength(4);
    const first = (await askForData(reader, query(1))) as Page;
    expect(first.macConflicts.pageInfo.hasNextPage).toBe(true);
    const second = (await askForData(
      reader,
      query(1, `, after: "${first.macConflicts.pageInfo.endCursor}"`),
    )) as Page;
    expect(second.macConflicts.nodes.map(({ macAddress }) => macAddress)).toEqual([mac(2)]);
    const scoped = reader.createReaderFor({ namePatterns: ["busy"], hostIds: [], vmIds: [] });
    expect(await askForData(scoped, "{ macConflicts { totalCount nodes { vmCount } } }")).toEqual({
      macConflicts: { totalCount: 0, nodes: [] },
    });
  } finally {
    await engine.drop();
  }
});
