import { expect, test } from "vitest";
import { createLoaders } from "../../../src/loaders/loaders.js";
import { withDeadline } from "../../../src/loaders/batches/with-deadline.js";
import { uuid } from "../../support/builders/ids.js";
import { createMemoryReadStore } from "../../support/builders/memory-read-store.js";
import { vmRow } from "../../support/builders/rows.js";

/** A request that has time until told otherwise. */
function request() {
  let isOver = false;
  return {
    end: () => (isOver = true),
    check: () => {
      if (isOver) throw new Error("the time is up");
    },
  };
}

test("no read of the store begins once the time is up, whichever it is", async () => {
  const store = createMemoryReadStore();
  const { check, end } = request();
  const reads = withDeadline(store, check);
  const page = { limit: 1, after: null, filter: {}, order: "ID_ASC" } as const;
  const every = () => [
    reads.readVmsPage(page),
    reads.countVms({}),
    reads.readVmIds({ filter: {}, sort: { key: "name", descending: false }, offset: 0, limit: 1 }),
    reads.readVmOriginsByIds([]),
    reads.readNamed("clusters", null),
    reads.readVmsByIds([]),
    reads.readVmsByHosts([], 1),
    reads.readNicsByVms([]),
    reads.readNicsByIds([]),
    reads.readNicsByMacs([]),
    reads.readGuestInterfacesByVms([]),
    reads.readHosts(),
    reads.readHostsByIds([]),
    reads.readHistoryBounds(),
    reads.readVmVersionsAt([], new Date(0)),
    reads.readVmChanges([], { from: null, to: null, after: null, limit: 1 }),
    reads.readChangeMark(),
    reads.readGuestAddresses({ inCidr: null, after: null, limit: 1 }),
    reads.countGuestAddresses({ inCidr: null }),
    reads.readAddressConflicts({ within: null, network: null, after: null, limit: 1 }),
    reads.countAddressConflicts({ within: null, network: null }),
    reads.readMacConflicts({ after: null, limit: 1 }),
    reads.countMacConflicts(),
    reads.readDrift({ kinds: null, after: null, limit: 1 }),
    reads.countDrift({ kinds: null }),
    reads.readAddressSpans({ address: null, macAddress: null, from: null, to: null, after: null, limit: 1 }),
  ];
  expect(every()).toHaveLength(Object.values(store).filter((each) => typeof each === "function").length);
  await Promise.all(every());
  const before = store.calls.length;
  end();
  for (const outcome of await Promise.allSettled(every())) {
    expect(outcome).toMatchObject({ status: "rejected", reason: { message: "the time is up" } });
  }
  expect(store.calls).toHaveLength(before);
});

test("a statement that the database stopped is told as a deadline that has passed, other failures as they are", async () => {
  const stopped = Object.assign(new Error("canceling statement due to statement timeout"), { code: "57014" });
  const lost = Object.assign(new Error("terminating connection"), { code: "57P01" });
  const failingWith = (error: Error) =>
    createLoaders({ ...createMemoryReadStore(), readVmsByIds: () => Promise.reject(error) }).vmById.load(
      uuid(1, 1),
    );
  await expect(failingWith(stopped)).rejects.toMatchObject({
    extensions: { code: "DEADLINE_EXCEEDED", http: { status: 504 } },
    cause: stopped,
  });
  await expect(failingWith(lost)).rejects.toBe(lost);
});

test("loaders answer what they have already read, and read nothing more", async () => {
  const store = createMemoryReadStore();
  store.vms.push(vmRow(1), vmRow(2));
  const { check, end } = request();
  const loaders = createLoaders(store, { throwIfExpired: check });
  const first = await loaders.vmById.load(uuid(1, 1));
  end();
  expect(await loaders.vmById.load(uuid(1, 1))).toBe(first);
  await expect(loaders.vmById.load(uuid(1, 2))).rejects.toThrow("the time is up");
  await expect(loaders.getVmsByHost(5).load(uuid(3, 1))).rejects.toThrow("the time is up");
  await expect(loaders.countVms({})).rejects.toThrow("the time is up");
  expect(store.calls).toEqual(["readVmsByIds"]);
});
