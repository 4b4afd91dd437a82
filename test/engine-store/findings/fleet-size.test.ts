import { expect, test } from "vitest";
import { createEngineStore } from "../../../src/engine-store/engine-store.js";
import { askForData, askForErrors } from "../../graph/support/ask.js";
import { createEngineDatabase } from "../engine-database.js";

/** So much room that a table of a few rows is as large as one of millions. */
const LARGE = [
  "ALTER TABLE vm_guest_agent_interfaces SET (fillfactor = 10)",
  "SET session_replication_role = replica",
  `INSERT INTO vm_guest_agent_interfaces
     SELECT gen_random_uuid(), repeat('x', 700), NULL, NULL, NULL FROM generate_series(1, 16500)`,
];

test("what looks at all interfaces is refused where there are too many, by one statement that reads none", async () => {
  const engine = await createEngineDatabase();
  try {
    const store = createEngineStore(engine.dataSource);
    await engine.asEngine(...LARGE);
    for (const field of [
      "drift { totalCount }",
      "drift { nodes { kind } }",
      "guestNetworkStats(by: HOST) { groupCount }",
      "guestAddresses { nodes { address } }",
      'addressConflicts(within: "10.0.0.0/15") { totalCount }',
    ]) {
      engine.sent();
      expect((await askForErrors(store, `{ ${field} }`))[0]).toMatch(
        /^NOT_AVAILABLE: \w+: an engine's database has no index for this, and its guest interfaces take more than (?:48|128) MB; with SOURCE=engine, /,
      );
      expect(engine.sent().filter(({ sql }) => sql.includes("SELECT"))).toHaveLength(1);
    }
    expect(await askForData(store, '{ guestAddresses(inCidr: "10.0.0.0/16") { totalCount } }')).toEqual({
      guestAddresses: { totalCount: 0 },
    });
  } finally {
    await engine.drop();
  }
});
