import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { VmSearch } from "../../../src/loaders/rows.js";
import { parseSearch } from "../../../src/rest/search/parse-search.js";

const name = (...parts: string[]): VmSearch => ({
  kind: "text",
  key: "name",
  match: { parts, ignoreCase: true },
});
const parseCondition = (search: string): VmSearch | null => parseSearch(search).condition;

describe("a search", () => {
  test("of nothing is all", () => {
    for (const text of ["", "  ", "Vms:", "vm : "]) {
      expect(parseSearch(text)).toEqual({ condition: null, sort: null, page: null });
    }
    expect(parseSearch("  page 3 ")).toEqual({ condition: null, sort: null, page: 3 });
  });

  test("splits a pattern at its stars, whose number does not matter", () => {
    expect(parseCondition("name=w*node-1**x")).toEqual(name("w", "node-1", "x"));
    expect(parseCondition(`name=${"*".repeat(200)}`)).toEqual(name("", ""));
  });

  test.each([
    [
      "name=a and name=b or name=c",
      { kind: "or", parts: [{ kind: "and", parts: [name("a"), name("b")] }, name("c")] },
    ],
    [
      "name=a or name=b and name=c",
      { kind: "or", parts: [name("a"), { kind: "and", parts: [name("b"), name("c")] }] },
    ],
    ["name=a name=b", { kind: "and", parts: [name("a"), name("b")] }],
    [
      "name=a or name=b name=c",
      { kind: "and", parts: [{ kind: "or", parts: [name("a"), name("b")] }, name("c")] },
    ],
    ["name != a", { kind: "not", part: name("a") }],
    ["Vms: name = a", name("a")],
    ['NAME="a b"', name("a b")],
  ])("binds as an engine's does: %s", (search, condition) => {
    expect(parseCondition(search)).toEqual(condition);
  });

  test("takes a word alone as part of any text", () => {
    expect(parseCondition("web01")).toEqual({
      kind: "anyText",
      match: { parts: ["", "web01", ""], ignoreCase: true },
    });
    expect(parseCondition('"two words"')).toMatchObject({ match: { parts: ["", "two words", ""] } });
    expect(parseCondition("web* up")).toEqual({
      kind: "and",
      parts: [
        { kind: "anyText", match: { parts: ["", "web", ""], ignoreCase: true } },
        { kind: "anyText", match: { parts: ["", "up", ""], ignoreCase: true } },
      ],
    });
  });

  test("understands states in REST's spelling and the engine's own", () => {
    const statuses = (word: string) =>
      (parseCondition(`status=${word}`) as Extract<VmSearch, { kind: "status" }>).statuses;
    expect(statuses("Migrating")).toEqual([5, 6]);
    expect(statuses("MigratingFrom")).toEqual([5]);
    expect(statuses("powering_up")).toEqual(statuses("PoweringUp"));
    expect(statuses("image_illegal")).toEqual([14]);
  });

  test("understands addresses in any spelling, and patterns of them", () => {
    expect(parseCondition('ip="2001:DB8:0::1"')).toEqual({ kind: "address", address: "2001:db8::1" });
    expect(parseCondition("ip=fe80::1%eth0")).toEqual({ kind: "address", address: "fe80::1" });
    for (const address of ["192.0.2.1", "::ffff:192.0.2.1"]) {
      expect(parseCondition(`ip=${address}`)).toEqual({
        kind: "addresses",
        addresses: ["192.0.2.1", "::ffff:192.0.2.1"],
      });
    }
    expect(parseCondition("ip=192.0.2.*")).toEqual({ kind: "addressPattern", parts: ["192.0.2.", ""] });
    expect(parseCondition("ip=2001:DB8:*")).toEqual({ kind: "addressPattern", parts: ["2001:db8:", ""] });
  });

  test("understands hosts, clusters, names of guests and ids", () => {
    expect(parseCondition("host=h1")).toMatchObject({ kind: "text", key: "host" });
    expect(parseCondition("Hosts.name=h1")).toMatchObject({ kind: "text", key: "host" });
    expect(parseCondition("Hosts = h1")).toEqual(parseCondition("host=h1"));
    expect(parseCondition("Host.id=8FF49B6F-7726-4327-816c-43069c43a8c3")).toEqual({
      kind: "hostId",
      id: "8ff49b6f-7726-4327-816c-43069c43a8c3",
    });
    expect(parseCondition("cluster=west")).toMatchObject({ kind: "text", key: "cluster" });
    expect(parseCondition("fqdn=*.example.org")).toMatchObject({
      key: "fqdn",
      match: { parts: ["", ".example.org"] },
    });
    const id = "8FF49B6F-7726-4327-816c-43069c43a8c3";
    expect(parseCondition(`id=${id}`)).toEqual({ kind: "id", id: id.toLowerCase() });
  });

  test("reads an order and a page at its end", () => {
    expect(parseSearch("sortby name")).toMatchObject({
      sort: { key: "name", descending: false },
      page: null,
    });
    expect(parseSearch("name=a sortby ip desc page 7")).toEqual({
      condition: name("a"),
      sort: { key: "ip", descending: true },
      page: 7,
    });
    expect(parseSearch("Vms: SortBy on_host ASC").sort).toEqual({ key: "host", descending: false });
  });

  test("minds the case of letters if it is to", () => {
    expect(parseSearch("name=Web", { caseSensitive: true }).condition).toMatchObject({
      match: { parts: ["Web"], ignoreCase: false },
    });
  });

  test.each([
    ["name", /cannot be read/],
    ["name=", /cannot be read/],
    ['name="x', /cannot be read/],
    ["and name=a", /cannot be read/],
    ["name=a and", /cannot be read/],
    ["name=a or and name=b", /cannot be read/],
    ["name=a sortby name name=b", /cannot be read/],
    ["page 2 name=a", /cannot be read/],
    ["Hosts: name=a", /cannot be read/],
    ["name=a sortby", /cannot be read/],
    ["page", /cannot be read/],
    ["page -1", /cannot be read/],
    ["not name=a", /cannot be read/],
    ["name=a and not name=b", /cannot be read/],
    ["name~web", /cannot be read/],
    ["ip:192.0.2.1", /cannot be read/],
    ["name<a", /cannot be read/],
    ["tag=a", /the key tag is not known here; name, status, host, cluster, id, fqdn and ip are/],
    ["sortby memory", /cannot sort by memory/],
    ["status=gone", /status has no value gone/],
    ["id=1", /id has no value 1/],
    ["ip=300.1.1.1", /ip has no value 300/],
    ["ip=web*", /ip has no value web/],
    [`name=${"*a".repeat(300)}`, /longer than 500 characters/],
  ])("is refused if it is %s", (search, message) => {
    expect(() => parseSearch(search)).toThrow(message);
  });

  test("names its own kind in front of it, in the singular or plural, and no other", () => {
    expect(parseSearch("Hosts : name=a", { kind: "host" })).toEqual(parseSearch("name=a"));
    expect(parseSearch("cluster:name=a", { kind: "cluster" })).toEqual(parseSearch("name=a"));
    expect(() => parseSearch("Vms: name=a", { kind: "host" })).toThrow(/cannot be read/);
  });

  test("takes a word of its own in quotes for a text, and an address for one", () => {
    expect(parseCondition('"not"')).toMatchObject({ kind: "anyText" });
    expect(parseCondition("fd00::1")).toMatchObject({ kind: "anyText" });
  });

  test("reads or refuses any text at all, and quickly", () => {
    const word = fc.constantFrom(
      "name",
      "=",
      "!=",
      "and",
      "or",
      '"',
      "a*",
      " ",
      "ip",
      "::",
      "page",
      "1",
      "sortby",
      "vms:",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(word, { maxLength: 40 }).map((words) => words.join(" ")),
        ),
        (text) => {
          try {
            parseSearch(text);
          } catch (error) {
            expect(error).toHaveProperty("status", 400);
          }
        },
      ),
    );
  });
});
