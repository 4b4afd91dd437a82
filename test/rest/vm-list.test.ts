import { describe, expect, test } from "vitest";
import { createLoaders, type Loaders } from "../../src/loaders/loaders.js";
import type { VmRow } from "../../src/store/types.js";
import type { Element } from "../../src/rest/elements/document.js";
import { parseSearch } from "../../src/rest/search/parse-search.js";
import { listVms, type VmList } from "../../src/rest/vm-list.js";
import { createMemoryReadStore, type MemoryReadStore } from "../support/builders/memory-read-store.js";

function createStoreOf(names: readonly string[]): MemoryReadStore {
  const store = createMemoryReadStore();
  names.forEach((name, number) => {
    const id = `10000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
    store.vms.push({
      id,
      name,
      status: 1,
      hostId: null,
      staleReason: null,
      staleDetail: null,
      staleSince: null,
      lastChangedAt: null,
      ...UNKNOWN,
    });
  });
  return store;
}

const UNKNOWN = {
  ips: null,
  fqdn: null,
  interfacesKnown: false,
  nicsKnown: false,
  lastReportedAt: null,
} satisfies Partial<VmRow>;

const PLAIN = { allContent: false, follow: new Map() };

function list(
  store: MemoryReadStore,
  asked: { max?: number; page?: number; search?: string },
): Promise<VmList> {
  const work = <Result>(job: (loaders: Loaders) => Promise<Result>) => job(createLoaders(store));
  const { max = null, page = 1, search = "" } = asked;
  return listVms(work, { max, page, search: parseSearch(search) }, PLAIN);
}

function listNames(elements: readonly Element[]): unknown[] {
  return elements.map((element) => element["name"]);
}

async function readRest({ elements, rest }: VmList): Promise<unknown[]> {
  const all = [...elements];
  for await (const piece of rest ?? []) all.push(...piece);
  return listNames(all);
}

const numbered = (count: number) =>
  Array.from({ length: count }, (_, n) => `vm${String(n).padStart(5, "0")}`);

describe("a list of VMs", () => {
  test("of a first page reads no more than the page and one VM", async () => {
    const store = createStoreOf(["a", "b", "c", "d", "e"]);
    const found = await list(store, { max: 2 });
    expect(listNames(found.elements)).toEqual(["a", "b"]);
    expect(found).toMatchObject({ hasNext: true, rest: null });
    expect(store.asked[0]).toMatchObject({ limit: 3, after: null });
  });

  test("of a later page reads the ids of that page alone", async () => {
    const store = createStoreOf(["a", "b", "c", "d", "e"]);
    const found = await list(store, { max: 2, page: 2 });
    expect(listNames(found.elements)).toEqual(["c", "d"]);
    expect(found).toMatchObject({ hasNext: true, rest: null });
    expect(store.asked[0]).toMatchObject({ offset: 2, limit: 3 });
    expect((await list(store, { max: 2, page: 3 })).hasNext).toBe(false);
    expect((await list(store, { max: 2, page: 4 })).elements).toEqual([]);
  });

  test("without a bound comes in pieces, each read when the one before it was taken", async () => {
    const names = numbered(1_234);
    const store = createStoreOf(names.toReversed());
    const found = await list(store, {});
    expect(found.elements).toHaveLength(500);
    expect(store.calls.filter((call) => call === "readVmsPage")).toHaveLength(1);
    expect(await readRest(found)).toEqual(names);
    expect(store.calls.filter((call) => call === "readVmsPage")).toHaveLength(3);
  });

  test.each([1, 499, 500, 501, 1_000, 1_001])("loses none of %i VMs, and tells none twice", async (count) => {
    const names = numbered(count);
    expect(await readRest(await list(createStoreOf(names), {}))).toEqual(names);
    expect(await readRest(await list(createStoreOf(names), { max: 600 }))).toEqual(names.slice(0, 600));
    const downwards = await list(createStoreOf(names), { search: "sortby name desc" });
    expect(await readRest(downwards)).toEqual(names.toReversed());
  });

  test("a list of VMs that is read no further asks for nothing more", async () => {
    const store = createStoreOf(numbered(2_000));
    const { rest } = await list(store, {});
    await rest?.return(undefined);
    expect(store.calls.filter((call) => call === "readVmsPage")).toHaveLength(1);
  });
});
