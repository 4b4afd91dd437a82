import { expect, test } from "vitest";
import { isHalfTyped, parseSearch } from "../../portal/src/vms/search.js";
import { toFilter } from "../../portal/src/vms/vm-filter.js";
import { parseFindText } from "../../src/graph/arguments/filters/find-text.js";

test.each([
  ["", { kind: "all" }],
  ["  ", { kind: "all" }],
  ["web-01", { kind: "name", text: "web-01" }],
  [" web ", { kind: "name", text: "web" }],
  ["10.1.2.3", { kind: "address", address: "10.1.2.3" }],
  ["10.1.2", { kind: "name-or", text: "10.1.2", other: { kind: "prefix", prefix: "10.1.2.0/24" } }],
  ["10.1.2.", { kind: "name-or", text: "10.1.2.", other: { kind: "prefix", prefix: "10.1.2.0/24" } }],
  ["10.1", { kind: "name-or", text: "10.1", other: { kind: "prefix", prefix: "10.1.0.0/16" } }],
  ["10.", { kind: "name-or", text: "10.", other: { kind: "prefix", prefix: "10.0.0.0/8" } }],
  ["10", { kind: "name", text: "10" }],
  ["10..1", { kind: "name", text: "10..1" }],
  ["10.1.", { kind: "name-or", text: "10.1.", other: { kind: "prefix", prefix: "10.1.0.0/16" } }],
  ["10.256", { kind: "name", text: "10.256" }],
  [".1", { kind: "name", text: ".1" }],
  ["10.1.2.3.", { kind: "name", text: "10.1.2.3" }],
  ["10.1.2.256", { kind: "name", text: "10.1.2.256" }],
  ["010.1.2.3", { kind: "name", text: "010.1.2.3" }],
  ["2001:db8::1", { kind: "address", address: "2001:db8::1" }],
  ["::ffff:10.1.2.3", { kind: "address", address: "::ffff:10.1.2.3" }],
  ["[2001:db8::1]", { kind: "address", address: "2001:db8::1" }],
  ["fe80::1%eth0", { kind: "address", address: "fe80::1" }],
  ["10.1.2.3/", { kind: "address", address: "10.1.2.3" }],
  ["10.1.0.0/16", { kind: "prefix", prefix: "10.1.0.0/16" }],
  ["2001:db8::/32", { kind: "prefix", prefix: "2001:db8::/32" }],
  ["10.1.0.0/33", { kind: "name", text: "10.1.0.0/33" }],
  ["web/01", { kind: "name", text: "web/01" }],
  ["a:b", { kind: "name", text: "a:b" }],
  ["56:6f:1a:00:01:00", { kind: "mac", mac: "56:6f:1a:00:01:00" }],
  ["56 6f 1a 00 01 00", { kind: "mac", mac: "56 6f 1a 00 01 00" }],
  ["566f:1a00:0100", { kind: "mac", mac: "566f:1a00:0100" }],
  ["80:00:02:08:fe:80:00:01", { kind: "mac", mac: "80:00:02:08:fe:80:00:01" }],
  ['"10.1.2.3",', { kind: "address", address: "10.1.2.3" }],
  ["10.1.2.3:22", { kind: "address", address: "10.1.2.3" }],
  ["http://10.1.2.3/", { kind: "address", address: "10.1.2.3" }],
  ["[2001:db8::1]:443", { kind: "address", address: "2001:db8::1" }],
  ["https://[2001:db8::1]/", { kind: "address", address: "2001:db8::1" }],
  ["[fe80::1%eth0]", { kind: "address", address: "fe80::1" }],
  ["10.1.2.*", { kind: "name-or", text: "10.1.2.", other: { kind: "prefix", prefix: "10.1.2.0/24" } }],
  ["web*", { kind: "name", text: "web" }],
  ["*", { kind: "all" }],
  ["566F1a000100", { kind: "name-or", text: "566F1a000100", other: { kind: "mac", mac: "566F1a000100" } }],
  [
    "8FF49B6F06c43a8c3e21aaaabbbbcccc",
    {
      kind: "name-or",
      text: "8FF49B6F06c43a8c3e21aaaabbbbcccc",
      other: { kind: "id", id: "8FF49B6F-06c4-3a8c-3e21-aaaabbbbcccc" },
    },
  ],
  ["566f00", { kind: "name", text: "566f00" }],
  ["app-11:22", { kind: "name", text: "app-11" }],
  ["https://me@app-11.example.org:8443/ui?x#y", { kind: "name", text: "app-11.example.org" }],
  ["ssh://app-11", { kind: "name", text: "app-11" }],
  ["http://10.1.2.3:8080/path", { kind: "address", address: "10.1.2.3" }],
  ["app-11.example.org.", { kind: "name", text: "app-11.example.org" }],
  ["app-11.example.org.:443", { kind: "name", text: "app-11.example.org" }],
  ["http://", { kind: "name", text: "http://" }],
  ["56:66", { kind: "name", text: "56:66" }],
  ["..", { kind: "name", text: ".." }],
])("the search box takes %j for %j", (text, search) => {
  expect(parseSearch(text)).toEqual(search);
});

test.each([
  ["56:6f:00", true],
  ["56:", true],
  ["56-6f-", true],
  ["56-6f-1a-0", true],
  ["db-01", false],
  ["2001:db8:", true],
  ["2001:db8:1", true],
  ["56:6f:1a:00:01:00", false],
  ["2001:db8::1", false],
  ["web-01", false],
  ["cafe", false],
  ["10.1.2", false],
])("the search box takes %j for a half-typed MAC or IPv6 address: %j", (text, isHalf) => {
  expect(isHalfTyped(text)).toBe(isHalf);
});

test.each(["56-6F-1A-00-01-00", "566f.1a00.0100", "566f-1a00-0100", "202611-290001"])(
  "the search box looks for %s as a MAC and in names",
  (text) => {
    expect(parseSearch(text)).toEqual({ kind: "name-or", text, other: { kind: "mac", mac: text } });
  },
);

test.each([
  ["app-11", "app-11"],
  ["app-11:22", "app-11"],
  ["https://app-11.example.org:8443/ui", "app-11.example.org"],
  ["app-11.example.org.", "app-11.example.org"],
  ['"app-11.example.org.:443",', "app-11.example.org"],
  ["56:66", "56:66"],
])("the search box and find look for %j by the same part of a name", (text, part) => {
  const target = parseFindText(text);
  expect(target.kind === "NAME" && target.names.at(-1)?.parts[1]).toBe(part);
  expect(parseSearch(text)).toEqual({ kind: "name", text: part });
});

test.each([
  "10.1.2.3:22",
  "http://10.1.2.3/x",
  "[2001:db8::1]:443",
  "https://me@[2001:db8::1]:8443/",
  "fe80::1%eth0",
])("the search box and find look for %j by the same address", (text) => {
  const target = parseFindText(text);
  const address = target.kind === "ADDRESS" && target.text;
  expect(parseSearch(text)).toEqual({ kind: "address", address });
});

test("an id is looked for as a VM's own and in names, since names may have one", () => {
  const id = "8ff49b6f-06c4-4a8c-9e21-aaaabbbbcccc";
  expect(toFilter(parseSearch(`"${id}",`))).toEqual({ or: [{ nameContains: id }, { id }] });
  expect(parseFindText(id)).toMatchObject({ kind: "ID", text: id });
});

test("only a text with a dot, as complete host names have one, is looked for in guests' names too", () => {
  expect(toFilter(parseSearch("app-11"))).toEqual({ nameContains: "app-11" });
  expect(toFilter(parseSearch("app-11.example.org"))).toEqual({
    or: [{ nameContains: "app-11.example.org" }, { fqdn: { contains: "app-11.example.org" } }],
  });
});
