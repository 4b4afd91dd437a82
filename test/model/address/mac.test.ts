import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isSameMac, normalizeReportedMac } from "../../../src/model/address/mac.js";

describe("MAC addresses", () => {
  test.each([
    ["52:54:00:AA:BB:CC", "52:54:00:aa:bb:cc"],
    ["52-54-00-aa-bb-cc", "52:54:00:aa:bb:cc"],
    [" 52:54:00:aa:bb:cc ", "52:54:00:aa:bb:cc"],
    ["00:00:00:00:00:00", "00:00:00:00:00:00"],
    ["00:11:22:33:44:55:66:77", "00:11:22:33:44:55:66:77"],
    [Array(20).fill("AB").join("-"), Array(20).fill("ab").join(":")],
    ["52:54:00:aa:bb", null],
    ["525400AABBCC", "52:54:00:aa:bb:cc"],
    ["5254.00aa.bbcc", "52:54:00:aa:bb:cc"],
    ["5254-00AA-BBCC", "52:54:00:aa:bb:cc"],
    ["5254:00aa:bbcc", "52:54:00:aa:bb:cc"],
    ["525400-aabbcc", "52:54:00:aa:bb:cc"],
    ["52 54 00 AA BB CC", "52:54:00:aa:bb:cc"],
    ["0011223344556677", "00:11:22:33:44:55:66:77"],
    ["ab".repeat(20), Array(20).fill("ab").join(":")],
    ["52:54:0:C:1:2", "52:54:00:0c:01:02"],
    ["52:54:0:c:1", null],
    ["52:54:0:c:1:2:3", null],
    ["52-54-0-c-1-2", null],
    ["52540 0aabbcc", null],
    ["ab".repeat(7), null],
    ["ab".repeat(200), null],
    ["5254:00aa-bbcc", null],
    ["2001:0db8:0000:0001:0002:0003:0004:0005", null],
    ["52:54-00:aa:bb:cc", null],
    ["", null],
    [null, null],
  ])("%j becomes %j", (text, mac) => {
    expect(normalizeReportedMac(text)).toBe(mac);
  });

  test("two MACs are the same exactly if their octets are, whatever their spelling", () => {
    const octets = fc.array(fc.constantFrom(0, 1, 0xab), { minLength: 6, maxLength: 6 });
    const spelling = fc.constantFrom(...SPELLINGS);
    fc.assert(
      fc.property(octets, octets, spelling, spelling, (left, right, spellLeft, spellRight) => {
        expect(isSameMac(spellLeft(left), spellRight(right))).toBe(left.join() === right.join());
      }),
    );
  });

  test("a missing MAC is the same as none", () => {
    expect(isSameMac(null, null)).toBe(false);
    expect(isSameMac("52:54:00:aa:bb:cc", null)).toBe(false);
  });
});

const formatOctets = (octets: readonly number[], separator: string) =>
  octets.map((octet) => octet.toString(16).padStart(2, "0")).join(separator);

const SPELLINGS: readonly ((octets: readonly number[]) => string)[] = [
  (octets) => formatOctets(octets, ":"),
  (octets) => formatOctets(octets, ":").toUpperCase(),
  (octets) => formatOctets(octets, "-"),
  (octets) => formatOctets(octets, ""),
  (octets) => formatOctets(octets, "").replaceAll(/(....)(?!$)/g, "$1."),
];
