import { expect, test } from "vitest";
import type { Store } from "../../../src/store/types.js";
import { eventually } from "../../support/eventually.js";
import type { TestDatabase } from "../../support/databases/database.js";
import { addVms, changeAllIps, storedVm } from "../changes/log-fixtures.js";
import { cleanDatabase } from "../clean-database.js";

let database: TestDatabase;
let store: Store;

cleanDatabase((given) => {
  database = given;
  ({ store } = given);
});

test("a pass that finds other addresses of a few VMs writes into no index of their states", async () => {
  const vms = Array.from({ length: 400 }, (_, at) => storedVm(at + 1));
  await addVms(store, vms);
  const before = await readUpdates();
  await changeAllIps(
    store,
    vms.filter((_, at) => at % 20 === 0),
    "10.9.9.9",
  );
  // PostgreSQL counts when a connection has been idle for a moment.
  await eventually(async () => {
    const after = await readUpdates();
    expect({ all: after.all - before.all, hot: after.hot - before.hot }).toEqual({ all: 20, hot: 20 });
  });
});

/** Updates of VMs' states so far, and those of them that wrote into no index. */
async function readUpdates(): Promise<{ readonly all: number; readonly hot: number }> {
  const [row] = await database.dataSource.query<{ all: number; hot: number }[]>(
    `SELECT n_tup_upd::int AS "all", n_tup_hot_upd::int AS hot FROM pg_stat_user_tables WHERE relname = 'vm_dynamic'`,
  );
  return row!;
}
