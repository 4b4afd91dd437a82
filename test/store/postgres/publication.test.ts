import { expect, test } from "vitest";
import { createHostLink } from "../../../src/refresher/host-link.js";
import { createChangeLog } from "../../../src/store/changes/change-log.js";
import { forgetVm } from "../../../src/store/changes/forget.js";
import { migrate } from "../../../src/store/postgres/migrate.js";
import { FakeHost } from "../../refresher/fake-host.js";
import { HOST_A } from "../../support/builders/ids.js";
import { configuredHost } from "../../support/builders/passes.js";
import { hostReport, reportedInterface, reportedVm } from "../../support/builders/reported.js";
import { createDatabase } from "../../support/databases/database.js";
import { runPass } from "../../support/passes/run-pass.js";

test("a database whose every table is published for replication is brought up to date, written, and forgets", async () => {
  const database = await createDatabase({ template: null });
  const { dataSource, store } = database;
  try {
    await dataSource.query("CREATE PUBLICATION everything FOR ALL TABLES");
    expect((await migrate(dataSource)).length).toBeGreaterThan(0);

    await store.registerHosts([configuredHost(HOST_A)], 15_000);
    const changes = createChangeLog(dataSource);
    const host = new FakeHost();
    const link = createHostLink(configuredHost(HOST_A), host);
    const { vmId } = reportedVm();
    for (const inet of [["10.0.0.7"], ["10.0.0.8"], []]) {
      host.report = hostReport(
        reportedVm({ vmId, netIfaces: inet.map((each) => reportedInterface({ inet: [each] })) }),
      );
      const { outcome, failure } = await runPass(store, link);
      expect([outcome, failure]).toEqual(["done", null]);
      while ((await changes.advanceAddressIndex()) === "more");
    }
    await changes.maintain(7 * 24 * 3_600_000);
    expect((await forgetVm(dataSource, vmId)).changes).toBeGreaterThan(0);
    const [row] = await dataSource.query<{ open: string }[]>(
      `SELECT count(*) AS open FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid
       WHERE i.inhparent = 'vnic_graph_change'::regclass AND c.relreplident <> 'f'`,
    );
    expect(row).toEqual({ open: "0" });
  } finally {
    await database.drop();
  }
});
