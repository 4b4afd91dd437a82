import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { UNKNOWN_INTERFACE } from "../../../src/store/read/interface-columns.js";
import type { GuestInterface, Store } from "../../../src/store/types.js";
import type { TestDatabase } from "../../support/databases/database.js";
import { createDatabase } from "../../support/databases/database.js";
import { HOST_A, id } from "../../support/builders/ids.js";
import { HOSTS, INTERVAL_MS, writePass } from "../../support/builders/passes.js";
import { vmState } from "../../support/builders/stored.js";

let database: TestDatabase;
let store: Store;

beforeAll(async () => {
  database = await createDatabase();
  store = database.store;
  await store.registerHosts(HOSTS, INTERVAL_MS);
  await writePass(store, HOST_A, { newVms: [vmState(1), vmState(2)] });
});

afterAll(async () => {
  await database.drop();
});

// Few values, so that equal rows are frequent.
const device: fc.Arbitrary<GuestInterface> = fc
  .record({
    vmId: fc.constantFrom(id(1), id(2)),
    name: fc.constantFrom("eth0", "br0", "", null),
    macAddress: fc.constantFrom("56:6f:00:00:00:01", null),
    ipv4Addresses: fc.constantFrom([], ["10.0.0.1"], ["10.0.0.1", "10.0.0.2"]),
    ipv6Addresses: fc.constantFrom([], ["fe80::1"]),
  })
  .map((spoken) => ({ ...UNKNOWN_INTERFACE, ...spoken }));

test("writing the difference between any two multisets of interfaces gives exactly the second", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(device, { maxLength: 12 }),
      fc.array(device, { maxLength: 12 }),
      async (stored, target) => {
        await database.dataSource.query("TRUNCATE vm_guest_agent_interfaces");
        await writePass(store, HOST_A, { insertedInterfaces: stored });
        expect(await writePass(store, HOST_A, computeDifference(stored, target))).toBe(true);
        const read = await store.readGuestInterfacesByVms([id(1), id(2)]);
        expect(read.map(formatKey).sort()).toEqual(target.map(formatKey).sort());
      },
    ),
    { numRuns: 100 },
  );
});

test("interfaces come back in the order that was stored with them, names twice or absent included", async () => {
  const names = fc.array(fc.constantFrom("a", "b", 'c"\\,{}', "", null), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(names, async (order) => {
      await database.dataSource.query("TRUNCATE vm_guest_agent_interfaces");
      const devices = order.map((name, index) => ({
        ...{ ...UNKNOWN_INTERFACE, vmId: id(1), name },
        ipv4Addresses: [`10.0.0.${index}`],
      }));
      await writePass(store, HOST_A, {
        insertedInterfaces: devices.toReversed(),
        interfaceOrders: [{ vmId: id(1), names: order }],
      });
      expect(await store.readGuestInterfacesByVms([id(1)])).toEqual(devices);
    }),
    { numRuns: 50 },
  );
});

/** Not the refresher's compare, but any correct one: common rows stay, the rest is paired up while it can be. */
function computeDifference(stored: readonly GuestInterface[], target: readonly GuestInterface[]) {
  const left = [...stored];
  const insertedInterfaces: GuestInterface[] = [];
  const updatedInterfaces: { before: GuestInterface; after: GuestInterface }[] = [];
  const missing = target.filter(
    (row) => take(left, (each) => formatKey(each) === formatKey(row)) === undefined,
  );
  for (const after of missing) {
    const before = take(
      left,
      (each) => each.vmId === after.vmId && each.name === after.name && each.macAddress === after.macAddress,
    );
    if (before === undefined) insertedInterfaces.push(after);
    else updatedInterfaces.push({ before, after });
  }
  return { insertedInterfaces, updatedInterfaces, deletedInterfaces: left };
}

function take(rows: GuestInterface[], wanted: (row: GuestInterface) => boolean): GuestInterface | undefined {
  const index = rows.findIndex(wanted);
  return index === -1 ? undefined : rows.splice(index, 1)[0];
}

function formatKey(row: GuestInterface): string {
  return JSON.stringify([row.vmId, row.name, row.macAddress, row.ipv4Addresses, row.ipv6Addresses]);
}
