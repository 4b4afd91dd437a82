import { expect, test } from "vitest";
import { createSharedResolving } from "../../src/feed/shared-resolving.js";
import { createChangeLog, type LoggedChange } from "../../src/store/changes/change-log.js";
import { createDatabase } from "../support/databases/database.js";
import { HOSTS, INTERVAL_MS } from "../support/builders/passes.js";
import { addVms, changeAllIps, storedVm } from "../store/changes/log-fixtures.js";

test("changes that several ask for at the same time are resolved once, each with its asker's cursor, from any first one on", async () => {
  const database = await createDatabase();
  try {
    await database.store.registerHosts(HOSTS, INTERVAL_MS);
    const log = createChangeLog(database.dataSource);
    const start = (await log.openTail()).cursor;
    let vms = [storedVm(1), storedVm(2), storedVm(3)];
    await addVms(database.store, vms);
    for (let pass = 0; pass < 5; pass += 1) {
      await changeAllIps(database.store, vms, `10.0.0.${pass}`);
      vms = vms.map((vm) => ({ ...vm, ips: `10.0.0.${pass}` }));
    }
    // Another asker reads in other steps, so its cursors are others, too.
    const readAll = async (limit: number): Promise<LoggedChange[]> => {
      const reader = log.openReader(start);
      const all: LoggedChange[] = [];
      for (let hasMore = true; hasMore;) {
        const page = await reader.read(limit);
        all.push(...page.changes);
        ({ hasMore } = page);
      }
      return all;
    };
    const asked: number[] = [];
    const resolve = createSharedResolving({
      resolveChanges: (changes) => {
        asked.push(changes.length);
        return log.resolveChanges(changes);
      },
    });
    const [all, others] = [await readAll(100), await readAll(4)];
    const right = await log.resolveChanges(all);
    const [first, second] = await Promise.all([resolve(all), resolve(others)]);
    expect(asked).toEqual([18]);
    expect(first).toEqual(right);
    expect(second).toEqual(await log.resolveChanges(others));
    for (let from = 0; from < all.length; from += 1) {
      expect(await resolve(all.slice(from))).toEqual(right.slice(from));
    }
    expect(asked, "all of it was kept").toEqual([18]);
    const fresh = createSharedResolving({
      resolveChanges: (changes) => {
        asked.push(changes.length);
        return log.resolveChanges(changes);
      },
    });
    await fresh(all.slice(7));
    expect(await fresh(all)).toEqual(right);
    expect(asked, "a VM with one change that is not known is resolved whole").toEqual([18, 11, 18]);
  } finally {
    await database.drop();
  }
});

test("a failure is not kept: who asks next resolves anew", async () => {
  const change = { cursor: { logId: "a" }, tx: 1n, seq: 1n, vmId: "v" } as LoggedChange;
  let isAway = true;
  const resolve = createSharedResolving({
    resolveChanges: () =>
      isAway ? Promise.reject(new Error("away")) : Promise.resolve([{ change, before: null, after: null }]),
  });
  const first = resolve([change]);
  isAway = false;
  expect(await first).toHaveLength(1);
  expect(await resolve([change])).toEqual([{ change, before: null, after: null }]);
});
