import { expect, test } from "vitest";
import { readExportRecords } from "../../src/exports/export-records.js";
import { createLoaders, type Loaders } from "../../src/loaders/loaders.js";
import { createMemoryReadStore } from "../support/builders/memory-read-store.js";
import { vmRow } from "../support/builders/rows.js";

test("an export of 600 VMs reads two pages, and the addresses of a hundred VMs at a time", async () => {
  const store = createMemoryReadStore();
  for (let number = 0; number < 600; number += 1) store.vms.push(vmRow(number));
  const work = <Result>(job: (loaders: Loaders) => Promise<Result>) => job(createLoaders(store));
  const names: string[] = [];
  for await (const records of readExportRecords(work, {}))
    names.push(...records.map((record) => record.name));
  expect(names).toEqual(store.vms.map((vm) => vm.name));
  expect(store.calls.filter((call) => call === "readVmsPage")).toHaveLength(2);
  const sizes = (kind: string) =>
    store.calls.flatMap((call, at) => (call === kind ? [(store.asked[at] as string[]).length] : []));
  expect(sizes("readGuestInterfacesByVms")).toEqual([100, 100, 100, 100, 100, 100]);
  expect(sizes("readNicsByVms")).toEqual([100, 100, 100, 100, 100, 100]);
  // A host is read once a page, however many of its VMs there are.
  expect(sizes("readHostsByIds")).toEqual([2, 2]);
});
