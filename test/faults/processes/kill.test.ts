import { expect, test } from "vitest";
import { killRounds } from "../../torture/kills.js";
import { createDatabase } from "../../support/databases/database.js";

test("F16: a gateway that is killed while it writes leaves every host entirely old or entirely new", async () => {
  const database = await createDatabase({ poolSize: 1 });
  try {
    const result = await killRounds({
      rounds: 3,
      seed: 16,
      databaseUrl: database.url,
      dataSource: database.dataSource,
    });
    expect(result.violations).toEqual([]);
    expect(result.rounds).toBe(3);
  } finally {
    await database.drop();
  }
});
