import { isIPv6 } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { normalizeReportedMac } from "../../src/model/address/mac.js";
import { parseIpv4List, parseIpv6List } from "../../src/engine-store/normalize.js";
import { listNeedles, listSpellings } from "../../src/engine-store/conditions/spellings.js";

describe("what an engine stores of a guest", () => {
  test.each([
    [null, []],
    ["", []],
    [",", []],
    ["10.0.0.1", ["10.0.0.1"]],
    ["10.0.0.2,10.0.0.1,10.0.0.2", ["10.0.0.2", "10.0.0.1"]],
    ["10.0.0.1 10.0.0.2", ["10.0.0.1", "10.0.0.2"]],
    ["127.0.0.1,10.0.0.1,127.255.0.3", ["10.0.0.1"]],
    ["127.0.0.1", []],
    ["10.0.0.0/8,999.1.1.1,::1,x", []],
  ])("IPv4 of %j", (text, addresses) => {
    expect(parseIpv4List(text)).toEqual(addresses);
  });

  test.each([
    [null, []],
    ["FE80::1%eth0,fe80:0:0:0:0:0:0:1", ["fe80::1"]],
    ["2001:DB8::1", ["2001:db8::1"]],
    ["::1,fe80::1,0:0:0:0:0:0:0:1,::ffff:127.0.0.1", ["fe80::1"]],
    ["::10.1.2.3 ::ffff:10.1.2.3", ["::a01:203", "::ffff:10.1.2.3"]],
    ["::1::,1.2.3.4,fe80::x,fe80::1%a%b", []],
  ])("IPv6 of %j", (text, addresses) => {
    expect(parseIpv6List(text)).toEqual(addresses);
  });

  test.each([
    ["56-6F-00-00-00-01", "56:6f:00:00:00:01"],
    [
      "80:00:02:08:fe:80:00:00:00:00:00:00:00:02:c9:03:00:1d:ab:12",
      "80:00:02:08:fe:80:00:00:00:00:00:00:00:02:c9:03:00:1d:ab:12",
    ],
    ["00:02:c9:03:00:1d:ab:12", "00:02:c9:03:00:1d:ab:12"],
    ["56:6f:00:00:00", null],
    ["None", null],
    [null, null],
  ])("MAC of %j", (text, mac) => {
    expect(normalizeReportedMac(text)).toBe(mac);
  });

  test.each([
    ["::a01:203", "::10.1.2.3"],
    ["::ffff:a01:203", "::ffff:10.1.2.3"],
    ["fe80::5efe:a01:203", "fe80::5efe:10.1.2.3"],
    ["2001:db8:1:2:200:5efe:a01:203", "2001:db8:1:2:200:5efe:10.1.2.3"],
    ["2001:db8::1", "2001:0db8:0000:0000:0000:0000:0000:0001"],
  ])("%s may be stored as %s, and is found", (address, spelling) => {
    expect(listSpellings(address)).toContain(spelling);
    expect(isFoundByNeedle(spelling, address)).toBe(true);
  });

  test("no text breaks it, and every spelling of an address means the address", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.ipV6()), (text) => {
        for (const address of parseIpv6List(text)) {
          expect(isIPv6(address)).toBe(true);
          for (const spelling of listSpellings(address))
            expect(parseIpv6List(spelling.toUpperCase())).toEqual([address]);
          expect(
            listSpellings(address).filter((each) => !isFoundByNeedle(each.toUpperCase(), address)),
          ).toEqual([]);
        }
        parseIpv4List(text);
        normalizeReportedMac(text);
      }),
    );
  });
});

/** What LIKE says: `%` stands for any characters, `_` for one. */
function isFoundByNeedle(text: string, address: string): boolean {
  return listNeedles(address).some((needle) =>
    new RegExp(`^${needle.replaceAll(".", "[.]").replaceAll("%", ".*").replaceAll("_", ".")}$`).test(text),
  );
}
