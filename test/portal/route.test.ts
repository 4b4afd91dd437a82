import fc from "fast-check";
import { expect, test } from "vitest";
import { formatRoute, parseRoute, type Route } from "../../portal/src/route.js";

test.each<[string, Route]>([
  ["", { view: "vms", search: "", sort: "NAME_ASC" }],
  ["?q=web&sort=NAME_DESC", { view: "vms", search: "web", sort: "NAME_DESC" }],
  ["?view=vm&id=7", { view: "vm", id: "7" }],
  ["?view=vm", { view: "vms", search: "", sort: "NAME_ASC" }],
  ["?view=hosts", { view: "hosts" }],
  ["?view=nothing&sort=junk", { view: "vms", search: "", sort: "NAME_ASC" }],
])("the address %j shows %j", (search, route) => {
  expect(parseRoute(search)).toEqual(route);
});

test("a link shows what its page showed, whatever was typed", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme", maxLength: 30 }),
      fc.constantFrom("NAME_ASC", "NAME_DESC"),
      (search, sort) => {
        const route: Route = { view: "vms", search, sort };
        expect(parseRoute(formatRoute(route).slice("./".length))).toEqual(route);
      },
    ),
  );
});
