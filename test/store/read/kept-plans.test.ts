import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { formatVmId } from "../../../bench/reads/fleet.js";
import { createVmScopeSql } from "../../../src/store/read/conditions/scope.js";
import { readGuestInterfaces } from "../../../src/store/read/guest-interfaces.js";
import { readHosts } from "../../../src/store/read/host-reads.js";
import { readNics } from "../../../src/store/read/nic-reads.js";
import { readVmsByIds } from "../../../src/store/read/vms/vm-reads.js";
import { createTreeReads } from "../../../src/store/read/vms/vm-trees.js";
import { createDatabase, type TestDatabase } from "../../support/databases/database.js";
import { countPlans } from "../../support/reads/kept-plans.js";
import { addReadFleet } from "../../support/reads/read-fleet.js";

let database: TestDatabase;

beforeAll(async () => {
  // With one connection it is known which one has the plans.
  database = await createDatabase({ poolSize: 1 });
  await addReadFleet(database, VMS);
});
afterAll(() => database.drop());

const VMS = 1_000;
const ALL = createVmScopeSql(null);
const PARTS = { row: false, interfaces: true, nics: true };
const listIds = (count: number, from: number) =>
  Array.from({ length: count }, (_, at) => formatVmId(1 + ((from * 7 + at) % VMS)));
const readPage = (limit: number, order: "NAME_ASC" | "ID_ASC") => (time: number) =>
  createTreeReads(database.dataSource, null).readTreesPage(
    {
      ...{ limit, filter: {}, order },
      after: { name: `vm-0000${100 + time}`, id: formatVmId(100 + time) },
    },
    PARTS,
  );

/** Reads that take different values each time. */
const READS: Readonly<Record<string, (time: number) => Promise<readonly unknown[]>>> = {
  "a VM": (time) => createTreeReads(database.dataSource, null).readTreesByIds(listIds(1, time), PARTS),
  "3 VMs": (time) => createTreeReads(database.dataSource, null).readTreesByIds(listIds(3, time), PARTS),
  "8 VMs": (time) => createTreeReads(database.dataSource, null).readTreesByIds(listIds(8, time), PARTS),
  "40 VMs": (time) => createTreeReads(database.dataSource, null).readTreesByIds(listIds(40, time), PARTS),
  "a page of 50 by name": readPage(51, "NAME_ASC"),
  "a page of 7 by name": readPage(8, "NAME_ASC"),
  "a page of 500 by name": readPage(501, "NAME_ASC"),
  "a page of 50 by id": readPage(51, "ID_ASC"),
  "the row of a VM": (time) => readVmsByIds(database.dataSource, listIds(1, time), ALL),
  "interfaces of a VM": (time) => readGuestInterfaces(database.dataSource, listIds(1, time), ALL),
  "interfaces of 50 VMs": (time) => readGuestInterfaces(database.dataSource, listIds(50, time), ALL),
  "vNICs of 2 VMs": (time) => readNics(database.dataSource, "vm_guid", listIds(2, time), ALL),
  "vNICs by MAC": (time) => readNics(database.dataSource, "mac_addr", [`56:6f:00:00:00:0${time % 10}`], ALL),
  "a host": (time) => readHosts(database.dataSource, listIds(1, time)),
};

describe("statements that come again and again", () => {
  test.each(Object.keys(READS))("are planned for all values: %s", async (name) => {
    expect(await countPlans(database, READS[name]!)).toEqual([{ generic: 10, custom: 0 }]);
  });
});
