import { expect, test } from "vitest";
import { createLoaders } from "../../../src/loaders/loaders.js";
import { limitReads } from "../../../src/loaders/batches/limit-reads.js";
import { uuid } from "../../support/builders/ids.js";
import { createMemoryReadStore } from "../../support/builders/memory-read-store.js";
import { vmRow } from "../../support/builders/rows.js";
import { listEveryRead } from "../../support/reads/every-read.js";

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
  const every = Object.values(listEveryRead(limitReads(store, check)));
  expect(every).toHaveLength(Object.values(store).filter((each) => typeof each === "function").length);
  await Promise.all(every.map((ask) => ask()));
  const before = store.calls.length;
  end();
  for (const outcome of await Promise.allSettled(every.map((ask) => ask()))) {
    expect(outcome).toMatchObject({ status: "rejected", reason: { message: "the time is up" } });
  }
  expect(store.calls).toHaveLength(before);
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
