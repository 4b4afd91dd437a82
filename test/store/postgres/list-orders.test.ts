import { expect, test } from "vitest";
import { migrate } from "../../../src/store/postgres/migrate.js";
import { id } from "../../support/builders/ids.js";
import { HOSTS, INTERVAL_MS } from "../../support/builders/passes.js";
import { toGuestInterfaceOf, toStoredNic } from "../../support/builders/stored.js";
import { createDatabase } from "../../support/databases/database.js";
import { addVms, changeIps, storedVm } from "../changes/log-fixtures.js";

test("VMs that were stored before lists were sorted by change and address get both from what is stored", async () => {
  const database = await createDatabase();
  try {
    const { store, dataSource } = database;
    await store.registerHosts(HOSTS, INTERVAL_MS);
    const told = storedVm(3, { silence: "ips-only", interfaces: [], ips: "10.0.0.3 fd00::3" });
    await addVms(store, [
      storedVm(1, {
        interfaces: [
          toGuestInterfaceOf(1, { name: "docker0", macAddress: null, ipv4Addresses: ["172.17.0.1"] }),
          toGuestInterfaceOf(1, { name: "tun0", macAddress: null, ipv4Addresses: ["192.0.2.1"] }),
          toGuestInterfaceOf(1, {
            ipv4Addresses: ["169.254.1.1", "10.0.0.1"],
            ipv6Addresses: ["2001:db8::1"],
          }),
        ],
        nics: [toStoredNic(1, 1)],
      }),
      storedVm(2, { silence: "absent", interfaces: [], ips: null }),
      told,
      storedVm(4, {
        silence: "invalid",
        interfaces: [toGuestInterfaceOf(4, { ipv4Addresses: ["10.0.0.4"] })],
      }),
    ]);
    await changeIps(store, told, "10.0.0.33 fd00::3");
    const read = () =>
      dataSource.query<unknown[]>(
        "SELECT vm_id AS id, host(primary_address) AS address, changed_at::text AS at FROM vnic_graph_vm ORDER BY vm_id",
      );
    const before = await read();
    expect(before).toMatchObject([
      { id: id(1), address: "10.0.0.1" },
      { id: id(2), address: null },
      { id: id(3), address: "10.0.0.33" },
      { id: id(4), address: "10.0.0.4" },
    ]);
    const names = async () =>
      (await dataSource.query<{ name: string }[]>("SELECT name FROM vnic_graph_migrations")).map(
        ({ name }) => name,
      );
    while ((await names()).includes("ListOrders1795930000000")) await dataSource.undoLastMigration();
    await migrate(dataSource);
    expect(await read()).toEqual(before);
  } finally {
    await database.drop();
  }
});
