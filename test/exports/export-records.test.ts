import { expect, test } from "vitest";
import { readExportRecords } from "../../src/exports/export-records.js";
import { FORMATS } from "../../src/exports/formats.js";
import { createLoaders, type Loaders } from "../../src/loaders/loaders.js";
import { VM_STATUS } from "../../src/model/guest/vm-status.js";
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

test("addresses that are not known are null in JSON, and a VM that has none has an empty list; CSV cannot tell them apart", async () => {
  const store = createMemoryReadStore();
  store.vms.push(
    vmRow(0, { ips: null, interfacesKnown: false }),
    vmRow(1, { ips: [] }),
    vmRow(2, { ips: [], status: VM_STATUS.DOWN }),
  );
  const written: Record<"json" | "ndjson" | "csv", string[]> = { json: [], ndjson: [], csv: [] };
  for await (const records of readExportRecords((job) => job(createLoaders(store)), {})) {
    for (const record of records) {
      const vm = { ...record, uniqueName: record.name, dns: null };
      for (const format of ["json", "ndjson", "csv"] as const) {
        written[format].push(FORMATS[format].formatVm(vm));
      }
    }
  }
  for (const format of ["json", "ndjson"] as const) {
    const addresses = written[format].map((text) => (JSON.parse(text) as { addresses: unknown }).addresses);
    expect(addresses).toEqual([null, [], []]);
  }
  expect(written.csv.map((line) => line.trimEnd().split(",").at(-1))).toEqual(["", "", ""]);
});
