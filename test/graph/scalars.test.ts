import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { normalizeIPv6, isGlobalAddress } from "../../src/model/address/ip.js";
import { normalizeMac, isSameMac } from "../../src/model/address/mac.js";
import { IPScalar, IPv4Scalar, IPv6Scalar, MACScalar } from "../../src/graph/types/scalars.js";

const INFINIBAND = "80:00:02:08:fe:80:00:00:00:00:00:00:f4:52:14:03:00:7b:cb:a1";

describe("MAC", () => {
  test.each([
    ["56:6F:00:00:00:0A", "56:6f:00:00:00:0a"],
    ["56-6f-00-00-00-0a", "56:6f:00:00:00:0a"],
    ["566f.0000.000a", "56:6f:00:00:00:0a"],
    ["566F0000000A", "56:6f:00:00:00:0a"],
    ["f4:52:14:03:00:7b:cb:a1", "f4:52:14:03:00:7b:cb:a1"],
    [INFINIBAND.toUpperCase(), INFINIBAND],
  ])("%s is understood", (text, canonical) => {
    expect(MACScalar.parseValue(text)).toBe(canonical);
  });

  test.each([
    "",
    "56:6f:00:00:00",
    "56:6f-00:00:00:0a",
    "56:6f:00:00:00:0g",
    "56:6f:00:00:00:0a\n",
    "::",
    5,
    null,
    {},
  ])("%j is refused", (value) => {
    expect(() => MACScalar.parseValue(value)).toThrow("is not a valid MAC address");
  });

  test("goes out in lower case, and an odd one as it is rather than not at all", () => {
    expect(MACScalar.serialize("BB-BB-BB-BB-BB-BB")).toBe("bb:bb:bb:bb:bb:bb");
    expect(MACScalar.serialize(INFINIBAND)).toBe(INFINIBAND);
    expect(MACScalar.serialize("not a mac")).toBe("not a mac");
  });

  test("is the same however it is spelt", () => {
    expect(isSameMac("BB:BB:BB:BB:BB:01", "bb-bb-bb-bb-bb-01")).toBe(true);
    expect(isSameMac("odd", "odd")).toBe(true);
    expect(isSameMac(null, null)).toBe(false);
    expect(isSameMac("bb:bb:bb:bb:bb:01", "bb:bb:bb:bb:bb:02")).toBe(false);
  });

  test("never makes the parser fail in another way", () => {
    fc.assert(
      fc.property(
        fc.string(),
        (text) => normalizeMac(text) === null || /^[0-9a-f:]+$/.test(normalizeMac(text)!),
      ),
    );
  });
});

describe("IP", () => {
  test.each([
    ["10.1.2.3", "10.1.2.3"],
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["2001:0db8::0001", "2001:db8::1"],
    ["fe80::1%eth0", "fe80::1"],
    ["::FFFF:10.1.2.3", "::ffff:10.1.2.3"],
    ["::ffff:a01:203", "::ffff:10.1.2.3"],
  ])("%s is understood", (text, canonical) => {
    expect(IPScalar.parseValue(text)).toBe(canonical);
  });

  test.each([
    "",
    "10.1.2",
    "10.1.2.3/24",
    "010.1.2.3",
    "10.1.2.3\u0000",
    "::1%%",
    "fe80::1%a%b",
    "x",
    1,
    null,
  ])("%j is refused", (value) => {
    expect(() => IPScalar.parseValue(value)).toThrow("is not a valid IP address");
  });

  test("is read in the form in which the refresher stores it, whatever the spelling", () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        expect(IPv6Scalar.parseValue(address)).toBe(normalizeIPv6(address));
        expect(IPScalar.parseValue(address.toUpperCase())).toBe(normalizeIPv6(address));
      }),
      { numRuns: 1_000 },
    );
  });

  test("of the other kind is refused", () => {
    expect(() => IPv4Scalar.parseValue("::1")).toThrow('"::1" is not a valid IPv4 address');
    expect(() => IPv6Scalar.parseValue("10.0.0.1")).toThrow('"10.0.0.1" is not a valid IPv6 address');
  });

  test("an IP address that is odd in the tables goes out as it is", () => {
    expect(IPScalar.serialize("10.0.0.300")).toBe("10.0.0.300");
  });

  test.each([
    ["10.0.0.1", true],
    ["2001:db8::1", true],
    ["::ffff:a00:1", true],
    ["fd00::1", true],
    ["127.0.0.1", false],
    ["169.254.3.4", false],
    ["0.0.0.0", false],
    ["::1", false],
    ["::", false],
    ["fe80::1", false],
    ["febf::1", false],
  ])("%s reaches beyond its link: %s", (address, reaches) => {
    expect(isGlobalAddress(address)).toBe(reaches);
  });
});
