import { expect, test } from "vitest";
import { readVmChanges } from "../../../src/store/changes/past/vm-changes.js";
import { migrate } from "../../../src/store/postgres/migrate.js";
import { HOST_A, HOST_B, id } from "../../support/builders/ids.js";
import { HOSTS, INTERVAL_MS } from "../../support/builders/passes.js";
import { createDatabase } from "../../support/databases/database.js";
import { addVms, changeIps, storedVm } from "./log-fixtures.js";

/** A row as it was written while it held its host, and whether it holds all of its VM, in columns of their own. */
const OLD_ROW = `INSERT INTO vnic_graph_change (at, tx, seq, vm_id, host_id, kinds, is_full, delta)
  VALUES (clock_timestamp(), pg_current_xact_id(), nextval('vnic_graph_change_seq'), $1, $2, $3, $4, $5)`;

test("what was logged before rows became smaller is read as before, and what comes then beside it", async () => {
  const database = await createDatabase();
  try {
    const { store, dataSource } = database;
    await store.registerHosts(HOSTS, INTERVAL_MS);
    const vm = storedVm(1);
    await addVms(store, [vm]);
    const names = async () =>
      (await dataSource.query<{ name: string }[]>("SELECT name FROM vnic_graph_migrations")).map(
        ({ name }) => name,
      );
    while ((await names()).includes("CompactLog1795980000000")) await dataSource.undoLastMigration();
    const full = { ...vm, hostId: HOST_B, isMissing: false, nics: null, ips: "10.7.7.7", interfaces: [] };
    await dataSource.query(OLD_ROW, [
      id(1),
      HOST_B,
      72,
      true,
      JSON.stringify({ host: [HOST_B, HOST_A], full }),
    ]);
    const update = [[0, "eth0", { 4: [["10.9.9.9"], ["10.1.2.3"]] }]];
    await dataSource.query(OLD_ROW, [id(1), HOST_A, 80, false, JSON.stringify({ upd: update })]);
    await migrate(dataSource);
    await changeIps(store, vm, "10.0.0.1");
    const question = { from: null, to: null, after: null, limit: 3 };
    const changes = await readVmChanges(dataSource, [id(1)], question, null);
    expect(changes.map(({ hostId }) => hostId)).toEqual([HOST_A, HOST_A, HOST_B]);
    const toIps = changes.map(({ before, after }) => [before?.ips, after?.ips]);
    expect(toIps).toEqual([
      ["10.1.2.3", "10.0.0.1"],
      ["10.9.9.9", "10.1.2.3"],
      ["10.7.7.7", "10.9.9.9"],
    ]);
    expect(changes[2]?.before).toMatchObject({ hostId: HOST_B, interfaces: [] });
  } finally {
    await database.drop();
  }
});

test("a partition without rows is made anew by the upgrade, so that its rows are small", async () => {
  const database = await createDatabase();
  try {
    const dropped = await database.dataSource.query<unknown[]>(
      `SELECT a.attname FROM pg_attribute a JOIN pg_inherits i ON i.inhrelid = a.attrelid
       WHERE i.inhparent = 'vnic_graph_change'::regclass AND a.attisdropped`,
    );
    expect(dropped).toEqual([]);
  } finally {
    await database.drop();
  }
});
