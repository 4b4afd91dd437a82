import fc from "fast-check";
import { expect, test } from "vitest";
import type { PlacedVm } from "../../portal/src/topology/build-topology.js";
import { placeVms } from "../../portal/src/topology/place-vms.js";

const place = (id: string, name = id): PlacedVm => ({ id, name, status: "UP", host: null, nics: [] });

test("a VM that has moved is where it is now, one that is gone is nowhere, and one that has come is in its order", () => {
  const vms = [place("a"), place("b"), place("d")];
  const changes = new Map([
    ["a", place("a", "moved")],
    ["b", null],
    ["c", place("c")],
    ["x", null],
  ]);
  expect(placeVms(vms, changes, { isWhole: true }).map(({ name }) => name)).toEqual(["moved", "c", "d"]);
});

test("whatever changes between two pages, no VM is there twice and none is missing once all are read", () => {
  const ids = fc.uniqueArray(fc.stringMatching(/^[a-f]{2}$/), { maxLength: 20 });
  fc.assert(
    fc.property(ids, fc.nat(20), ids, ids, (stored, pageSize, come, gone) => {
      const before = stored.toSorted();
      const first = before.slice(0, pageSize).map((id) => place(id));
      const after = new Set([...before, ...come].filter((id) => !gone.includes(id)));
      const changes = new Map<string, PlacedVm | null>(come.map((id) => [id, place(id)]));
      for (const id of gone) changes.set(id, null);
      const isWhole = pageSize >= before.length;
      const shown = placeVms(first, changes, { isWhole });
      // The next page is read behind the last id of the first one.
      const lastId = first.at(-1)?.id ?? "";
      const next = isWhole ? [] : [...after].filter((id) => id > lastId).toSorted();
      const all = [...shown.map(({ id }) => id), ...next];
      expect(all).toEqual([...after].toSorted());
    }),
  );
});
