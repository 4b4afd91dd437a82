import { afterAll, beforeAll, beforeEach } from "vitest";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";
import { HOSTS, INTERVAL_MS } from "../support/builders/passes.js";

/** Gives a file's tests one database, with the three hosts in it and no VM before each of them. */
export function cleanDatabase(
  take: (database: TestDatabase) => void,
  options: Parameters<typeof createDatabase>[0] = {},
): void {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase(options);
    take(database);
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    await database.dataSource.query("TRUNCATE vm_static, vds_static CASCADE");
    await database.store.registerHosts(HOSTS, INTERVAL_MS);
  });
}
