import { isIPv6 } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { normalizeIPv6 } from "../../../src/model/address/ip.js";
import { isPlainIPv6 } from "../../../src/model/address/plain-ipv6.js";

/** Formats an address as URL does, which follows RFC 5952 but for embedded IPv4. */
function formatByUrl(text: string): string {
  return new URL(`http://[${text}]`).hostname.slice(1, -1);
}

const group = fc.oneof(
  fc.constantFrom("0", "0", "0", "1", "ffff", "00", "0a", "12345", "G", ""),
  fc.integer({ min: 0, max: 0xffff }).map((value) => value.toString(16)),
);
const near = fc.oneof(
  fc.array(group, { minLength: 0, maxLength: 9 }).map((groups) => groups.join(":")),
  fc
    .tuple(fc.array(group, { maxLength: 5 }), fc.array(group, { maxLength: 5 }))
    .map(([left, right]) => `${left.join(":")}::${right.join(":")}`),
  fc.ipV6(),
  fc.string({ unit: fc.constantFrom(":", "0", "1", "a", "F", "%", ".", " "), maxLength: 12 }),
);

describe("a plain IPv6 address", () => {
  test("is one that its canonical form does not change, whatever the text", () => {
    fc.assert(
      fc.property(near, (text) => {
        if (!isPlainIPv6(text)) return;
        expect([text, isIPv6(text)]).toEqual([text, true]);
        expect(formatByUrl(text)).toBe(text);
        expect(normalizeIPv6(text)).toBe(text);
      }),
      { numRuns: 20_000 },
    );
  });

  test.each([
    ["2001:db8::1", true],
    ["fe80::5054:ff:fe12:3456", true],
    ["::", true],
    ["::1", true],
    ["1::", true],
    ["1:2:3:4:5:6:7:8", true],
    ["1:2:3::5:6:7:8", false],
    ["2001:db8:0:1::1", false],
    ["2001:DB8::1", false],
    ["::ffff:a00:1", false],
    ["1:", false],
    [":1", false],
    ["1::2:", false],
    ["1:::2", false],
    ["", false],
    [":", false],
  ])("is recognized: %s is %s", (text, isPlain) => {
    expect(isPlainIPv6(text)).toBe(isPlain);
  });
});
