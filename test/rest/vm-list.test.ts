import { expect, test } from "vitest";
import { createLoaders } from "../../src/loaders/loaders.js";
import type { VmRow } from "../../src/store/types.js";
import { parseSearch } from "../../src/rest/request/search.js";
import { listVms } from "../../src/rest/vm-list.js";
import { memoryStore } from "../graph/memory-store.js";

function storeOf(names: readonly string[]) {
  const store = memoryStore();
  names.forEach((name, place) => {
    const id = `10000000-0000-4000-8000-${String(place).padStart(12, "0")}`;
    store.vms.push({ id, name, status: 1, hostId: null, staleReason: null, ...UNKNOWN });
  });
  return store;
}

const UNKNOWN = {
  ips: null,
  fqdn: null,
  interfacesKnown: false,
  lastReportedAt: null,
} satisfies Partial<VmRow>;

test("reads no more than a page and what comes before it", async () => {
  const store = storeOf(["a", "b", "c", "d", "e"]);
  const { vms, hasNext } = await listVms(createLoaders(store), { max: 2, page: 2, search: parseSearch("") });
  expect(vms.map((vm) => vm.name)).toEqual(["c", "d"]);
  expect(hasNext).toBe(true);
  expect(store.asked).toMatchObject([{ limit: 5 }]);
});

test("finds a whole name among those that hold it", async () => {
  const store = storeOf(["web", "web1", "aweb"]);
  const { vms, hasNext } = await listVms(createLoaders(store), {
    max: 5,
    page: 1,
    search: parseSearch("name=web"),
  });
  expect(vms.map((vm) => vm.name)).toEqual(["web"]);
  expect(hasNext).toBe(false);
  expect(store.calls).toEqual(["vmsPage"]);
});

test("refuses to judge more names than it would read", async () => {
  const store = storeOf(Array.from({ length: 10_001 }, (_, n) => `web${n}`));
  const asked = { max: 5, page: 1, search: parseSearch("name=web") };
  await expect(listVms(createLoaders(store), asked)).rejects.toThrow(
    /more than 10000 VMs have a part of this name/,
  );
});
