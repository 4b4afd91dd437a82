import fc from "fast-check";
import { expect, test } from "vitest";
import { findAddressGroup } from "../../../src/server/admission/address-group.js";

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["::FFFF:c000:201", "192.0.2.1"],
  ["192.0.2.1:50311", "192.0.2.1"],
  ["[2001:db8:1:2:3:4:5:6]:50311", "20010db800010002::/64"],
  ["2001:DB8:1:2::9", "20010db800010002::/64"],
  ["2001:db8:1:3::9", "20010db800010003::/64"],
  ["fe80::1%eth0", "fe80000000000000::/64"],
  ["fe80::2%eth0", "fe80000000000000::/64"],
  ["[fe80::3%25eth0]:50311", "fe80000000000000::/64"],
  ["unknown", "unknown"],
  ["x".repeat(5_000), "x".repeat(64)],
])("the turns and shares of %.60s are those of %.64s", (address, group) => {
  expect(findAddressGroup(address)).toBe(group);
});

test("all addresses of one IPv6 network of 64 bits have one group, others another", () => {
  const part = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
  const network = part.filter((value) => value !== 0n);
  const format = (high: bigint, low: bigint) =>
    ((high << 64n) + low)
      .toString(16)
      .padStart(32, "0")
      .replace(/(.{4})(?=.)/g, "$1:");
  fc.assert(
    fc.property(network, network, part, part, (one, other, low, lower) => {
      const group = findAddressGroup(format(one, low));
      expect(findAddressGroup(format(one, lower))).toBe(group);
      expect(findAddressGroup(format(other, low)) === group).toBe(one === other);
    }),
  );
});
