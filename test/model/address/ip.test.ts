import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatAddress, listEquivalentAddresses, parseAddress } from "../../../src/model/address/cidr.js";
import {
  listStoredSpellings,
  normalizeIPv4,
  normalizeIPv6,
  splitIPv6,
} from "../../../src/model/address/ip.js";

test.each(["10.0.0.1", "::ffff:10.0.0.1", "::ffff:a00:1", "::FFFF:10.0.0.1"])(
  "%s is told in both families as each is stored",
  (text) => {
    expect(listEquivalentAddresses(text)).toEqual(["10.0.0.1", "::ffff:10.0.0.1"]);
  },
);

describe("addresses", () => {
  test.each([
    ["0.0.0.0", "0.0.0.0"],
    ["255.255.255.255", "255.255.255.255"],
    ["192.168.122.1/24", null],
    ["", null],
    ["0", null],
    ["0.0.0", null],
    ["256.1.1.1", null],
    ["1.1.1.0001", null],
    ["1.1. 1.1", null],
    ["01.1.1.1", null],
  ])("IPv4 %j is stored as %j", (text, stored) => {
    expect(normalizeIPv4(text)).toBe(stored);
  });

  test.each([
    ["fe80::1", "fe80::1"],
    ["fe80::1%3", "fe80::1"],
    ["fe80::1%eth0", "fe80::1"],
    ["fe80::1%", "fe80::1"],
    ["fe80::1%a%b", null],
    ["FE80::ABCD", "fe80::abcd"],
    ["fe80:0:0:0:0:0:0:1", "fe80::1"],
    ["2001:0db8::0001", "2001:db8::1"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    ["::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"],
    ["1::", "1::"],
    ["::", "::"],
    ["::10.1.2.3", "::a01:203"],
    ["::127.0.0.1%sit0", "::7f00:1"],
    ["::FFFF:10.1.2.3", "::ffff:10.1.2.3"],
    ["::ffff:a01:203", "::ffff:10.1.2.3"],
    ["0:0:0:0:0:ffff:c000:0201", "::ffff:192.0.2.1"],
    ["::ffff:0:0", "::ffff:0.0.0.0"],
    ["::ffff:0:192.0.2.1", "::ffff:0:192.0.2.1"],
    ["::ffff:1:a01:203", "::ffff:1:a01:203"],
    ["64:ff9b::10.1.2.3", "64:ff9b::a01:203"],
    ["1:0:0:2:0:0:0:3", "1:0:0:2::3"],
    ["1:0:0:2:3:0:0:4", "1::2:3:0:0:4"],
    ["1.2.3.4", null],
    ["abcd", null],
    ["%", null],
    ["", null],
    ["fe80::1/64", null],
  ])("IPv6 %j is stored as %j", (text, stored) => {
    expect(normalizeIPv6(text)).toBe(stored);
  });

  test("one IPv6 address has one text, however it is written", () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const stored = normalizeIPv6(text);
        expect(stored).not.toBeNull();
        expect(normalizeIPv6(stored!)).toBe(stored);
        expect(normalizeIPv6(text.toUpperCase())).toBe(stored);
        expect(normalizeIPv6(`${text}%7`)).toBe(stored);
      }),
    );
  });

  test("one address keeps its 128 bits", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 }),
        (bits) => {
          const whole = bits.map((group) => group.toString(16));
          const [low, high] = bits.slice(6).flatMap((group) => [`${group >> 8}.${group & 0xff}`]);
          const stored = normalizeIPv6(whole.join(":"))!;
          expect(splitIPv6(stored)).toEqual(whole);
          expect(formatAddress(parseAddress(stored)!)).toBe(stored);
          expect(normalizeIPv6([...whole.slice(0, 6), `${low}.${high}`].join(":"))).toBe(stored);
        },
      ),
    );
  });
});

test.each([
  ["::ffff:192.0.2.1", ["::ffff:192.0.2.1", "::ffff:c000:201"]],
  ["::ffff:0.0.0.0", ["::ffff:0.0.0.0", "::ffff:0:0"]],
  ["2001:db8::1", ["2001:db8::1"]],
  ["10.0.0.1", ["10.0.0.1"]],
])("%s may be stored as %j", (canonical, spellings) => {
  expect(listStoredSpellings(canonical)).toEqual(spellings);
});
