import fc from "fast-check";
import { expect, test } from "vitest";
import { formatRoute, parseRoute, SORT_KEYS, type Route } from "../../portal/src/route.js";

test.each<[string, Route]>([
  ["", { view: "vms", search: "", sort: "NAME_ASC" }],
  ["?q=web&sort=NAME_DESC", { view: "vms", search: "web", sort: "NAME_DESC" }],
  ["?q=web&sort=PRIMARY_ADDRESS_ASC", { view: "vms", search: "web", sort: "PRIMARY_ADDRESS_ASC" }],
  ["?view=vm&id=7", { view: "vm", id: "7", at: null }],
  ["?view=vm&id=7&at=2026-11-24T09:00:00Z", { view: "vm", id: "7", at: "2026-11-24T09:00:00.000Z" }],
  ["?view=vm&id=7&at=tuesday", { view: "vm", id: "7", at: null }],
  ["?view=address&of=2001%3Adb8%3A%3A1", { view: "address", of: "2001:db8::1" }],
  ["?view=address", { view: "vms", search: "", sort: "NAME_ASC" }],
  ["?view=vm", { view: "vms", search: "", sort: "NAME_ASC" }],
  ["?view=hosts", { view: "hosts" }],
  ["?view=conflicts", { view: "conflicts" }],
  ["?view=topology", { view: "topology", network: null }],
  ["?view=topology&network=red+1", { view: "topology", network: "red 1" }],
  ["?view=drift", { view: "drift", kind: null }],
  ["?view=drift&kind=NIC_NOT_SHOWN", { view: "drift", kind: "NIC_NOT_SHOWN" }],
  ["?view=drift&kind=junk", { view: "drift", kind: null }],
  ["?view=nothing&sort=junk", { view: "vms", search: "", sort: "NAME_ASC" }],
])("the address %j shows %j", (search, route) => {
  expect(parseRoute(search)).toEqual(route);
});

test("a link shows what its page showed, whatever was typed", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme", maxLength: 30 }),
      fc.constantFrom(...SORT_KEYS.flatMap((key) => [`${key}_ASC`, `${key}_DESC`] as const)),
      (search, sort) => {
        const route: Route = { view: "vms", search, sort };
        expect(parseRoute(formatRoute(route).slice("./".length))).toEqual(route);
      },
    ),
  );
});
