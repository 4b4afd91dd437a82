import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseSearch } from "../../../src/rest/request/search.js";

describe("a search", () => {
  test("of nothing is all", () => {
    expect(parseSearch("")).toEqual({ filter: {}, name: null, page: null });
    expect(parseSearch("  page 3 ")).toEqual({ filter: {}, name: null, page: 3 });
  });

  test("looks in the database for the longest part of a name, and judges the rest itself", () => {
    const { filter, name } = parseSearch("name=w*node-1*x");
    expect(filter).toEqual({ nameContains: "node-1" });
    expect(["W-NODE-17x", "wnode-1x", "node-1x", "w-node-1", "wx"].map((each) => name?.(each))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  test("judges names as a pattern would", () => {
    const letters = fc.string({ unit: fc.constantFrom("a", "b", "*"), minLength: 1, maxLength: 8 });
    const names = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 10 });
    fc.assert(
      fc.property(letters, names, (value, text) => {
        const { name, filter } = parseSearch(`name=${value}`);
        const found = text.includes(filter.nameContains ?? "") && (name?.(text) ?? true);
        expect(found).toBe(new RegExp(`^${value.replaceAll(/\*+/g, ".*")}$`).test(text));
      }),
    );
  });

  test("of many stars costs no more than one of few", () => {
    const { name } = parseSearch(`name=${"*a".repeat(200)}*b`);
    expect(name?.("a".repeat(255))).toBe(false);
  });

  test("understands states and addresses in any spelling", () => {
    expect(parseSearch('STATUS = Migrating and ip="2001:DB8:0::1"').filter).toEqual({
      statuses: [5, 6],
      ip: "2001:db8::1",
    });
    expect(parseSearch("ip=fe80::1%eth0").filter).toEqual({ ip: "fe80::1" });
  });
});
