import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { splitOrder, type OrderKey } from "../../../../src/store/read/vms/page-order.js";
import type { ReadStore, StoredVm, VmState } from "../../../../src/store/types.js";
import { createAnyChange, listAddressChanges, listMoves } from "../../../engine-store/engine-changes.js";
import { createMirroredFleet, type MirroredFleet } from "../../../engine-store/mirrored-fleet.js";
import { addVms, changeVm, storedVm } from "../../../store/changes/log-fixtures.js";
import { HOST_A, HOST_B, HOST_C, id } from "../../../support/builders/ids.js";
import { HOSTS, INTERVAL_MS } from "../../../support/builders/passes.js";
import { createDatabase, type TestDatabase } from "../../../support/databases/database.js";
import { VM_ORDERS } from "../../../support/reads/vm-orders.js";
import { askForData } from "../../support/ask.js";
import { readBackward, readForward, type Order } from "../../support/read-vm-pages.js";

const ENGINE_ORDERS = VM_ORDERS.filter((order) => !order.startsWith("LAST"));

interface Shown {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly host: { readonly name: string } | null;
  readonly guestInfo: {
    readonly lastChangedAt: string | null;
    readonly primaryAddress: { readonly address: string } | null;
  };
}

/** What a VM shows of the value by which an order sorts it. */
const SHOWN: Readonly<Record<OrderKey, (vm: Shown) => string | null | undefined>> = {
  ID: (vm) => vm.id,
  NAME: (vm) => vm.name,
  STATUS: (vm) => vm.status,
  HOST: (vm) => vm.host?.name,
  LAST_CHANGE: (vm) => vm.guestInfo.lastChangedAt,
  PRIMARY_ADDRESS: (vm) => vm.guestInfo.primaryAddress?.address,
};

/** Reads by which value each VM is sorted. */
async function readPlaces(store: ReadStore, order: Order): Promise<Map<string, string | null | undefined>> {
  const { vms } = (await askForData(
    store,
    `{ vms(first: 500, orderBy: ID_ASC) {
      nodes { id name status host { name } guestInfo { lastChangedAt primaryAddress { address } } } } }`,
  )) as { vms: { nodes: Shown[] } };
  const show = SHOWN[splitOrder(order).key];
  return new Map(vms.nodes.map((vm) => [vm.id, show(vm)]));
}

interface Counts {
  readonly moved: number;
  readonly still: number;
}

/** Reads a list while it changes between pages. Returns how many VMs moved, and how many did not. */
async function readWhileMoving<Change>(
  store: ReadStore,
  order: Order,
  { read, size, rounds }: Reading<Change>,
  apply: (changes: readonly Change[]) => Promise<void>,
): Promise<Counts> {
  const still = await readPlaces(store, order);
  const count = still.size;
  const left = [...rounds];
  const seen = await read(store, order, size, async () => {
    const changes = left.shift();
    if (changes === undefined) return;
    await apply(changes);
    const places = await readPlaces(store, order);
    for (const [vmId, place] of still) {
      if (!places.has(vmId) || places.get(vmId) !== place) still.delete(vmId);
    }
  });
  const whole = (await readForward(store, order, 500)).filter((vmId) => still.has(vmId));
  expect(whole).toHaveLength(still.size);
  const expected = read === readForward ? whole : whole.toReversed();
  expect(seen.filter((vmId) => still.has(vmId))).toEqual(expected);
  return { moved: count - still.size, still: still.size };
}

/** How a list is read, and what changes between its pages. */
interface Reading<Change> {
  readonly read: typeof readForward;
  readonly size: number;
  readonly rounds: readonly (readonly Change[])[];
}

/** Chooses a reading, in which every other change is one that moves VMs in the order. */
function createAnyReading<Change>(
  change: fc.Arbitrary<Change>,
  move: fc.Arbitrary<Change>,
): fc.Arbitrary<Reading<Change>> {
  const round = fc.array(fc.oneof(change, move), { minLength: 1, maxLength: 3 });
  return fc.record({
    read: fc.constantFrom(readForward, readBackward),
    size: fc.integer({ min: 1, max: 6 }),
    rounds: fc.array(round, { minLength: 2, maxLength: 8 }),
  });
}

/** Checks the readings, and that VMs moved in some of them. Else nothing would be tested. */
async function checkReadings<Change>(
  reading: fc.Arbitrary<Reading<Change>>,
  readOnce: (reading: Reading<Change>) => Promise<Counts>,
  mayMove = true,
): Promise<void> {
  let [moved, still] = [0, 0];
  await fc.assert(
    fc.asyncProperty(reading, async (each) => {
      const counts = await readOnce(each);
      moved += counts.moved;
      still += counts.still;
    }),
    { numRuns: 8 },
  );
  expect(moved > 0).toBe(mayMove);
  expect(still).toBeGreaterThan(0);
}

let database: TestDatabase;
let vms: StoredVm[];
let fleet: MirroredFleet;

beforeAll(async () => {
  [database, fleet] = await Promise.all([createDatabase(), createMirroredFleet(7, 40)]);
  await database.store.registerHosts(HOSTS, INTERVAL_MS);
  vms = Array.from({ length: 23 }, (_, at) =>
    storedVm(at + 1, {
      name: `vm-${at % 7}`,
      ownerId: [HOST_A, HOST_B, null, HOST_C][at % 4]!,
      status: [1, 0, 1, 4, 8][at % 5]!,
      silence: "ips-only",
      ips: at % 4 === 0 ? null : `10.0.0.${at % 6}`,
      interfaces: [],
    }),
  );
  await addVms(database.store, vms);
  await fleet.engine.asEngine(
    ...Array.from(
      { length: 6 },
      (_, at) =>
        `INSERT INTO vds_static (vds_id, vds_name, host_name, port) VALUES ('${id(7_000 + at)}', 'host-${at}', 'h', 54321)`,
    ),
    `UPDATE vm_dynamic SET run_on_vds = ('00000000-0000-4000-8000-00000000' || to_hex(7000 + get_byte(uuid_send(vm_guid), 15) % 6))::uuid`,
  );
});

afterAll(() => Promise.all([database.drop(), fleet.drop()]));

test.each(VM_ORDERS)(
  "while VMs of our own change between pages, who does not move in the order %s comes once and is not lost",
  async (order) => {
    const { key } = splitOrder(order);
    const values: Readonly<Record<string, fc.Arbitrary<Partial<VmState>>>> = {
      NAME: fc.record({ name: fc.constantFrom("vm-0", "vm-3", "vm-30", "VM-3", "a", "z") }),
      HOST: fc.record({ ownerId: fc.constantFrom(HOST_A, HOST_B, HOST_C, null) }),
      STATUS: fc.record({ status: fc.constantFrom(0, 1, 4, 8) }),
      PRIMARY_ADDRESS: fc.record({
        ips: fc.constantFrom(null, "9.0.0.1", "10.0.0.3", "10.7.0.1", "2001:db8::1"),
      }),
    };
    const anyValues = fc.oneof(...Object.values(values));
    const choose = (chosen: fc.Arbitrary<Partial<VmState>>) =>
      fc.record({ at: fc.integer({ min: 0, max: vms.length - 1 }), values: chosen });
    await checkReadings(
      createAnyReading(choose(anyValues), choose(values[key] ?? anyValues)),
      (reading) =>
        readWhileMoving(database.store, order, reading, async (changes) => {
          for (const change of changes) {
            vms[change.at] = await changeVm(database.store, vms[change.at]!, change.values);
          }
        }),
      // An id never changes, and nobody comes or goes here.
      key !== "ID",
    );
  },
);

test.each(ENGINE_ORDERS)(
  "while VMs of an engine change between pages, who does not move in the order %s comes once and is not lost",
  async (order) => {
    const moves: Readonly<Record<string, readonly string[]>> = {
      ...listMoves("1"),
      PRIMARY_ADDRESS: listAddressChanges("1"),
    };
    await checkReadings(
      createAnyReading(
        createAnyChange(Object.values(moves).flat()),
        createAnyChange(moves[splitOrder(order).key]!),
      ),
      (reading) =>
        readWhileMoving(fleet.store, order, reading, (changes) => fleet.engine.asEngine(...changes)),
    );
  },
);
