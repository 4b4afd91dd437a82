import { describe, expect, test } from "vitest";
import { parseGuestIps, hasSameIps, joinIps } from "../../../src/refresher/plan/guest-addresses.js";
import { toVmStatus } from "../../../src/refresher/plan/status.js";
import { cutText, toStorableText, normalizeFqdn } from "../../../src/refresher/plan/text.js";
import { toGuestInterfaces } from "../../../src/refresher/plan/normalize.js";
import { device, IGNORE, reportedInterface, VM } from "../builders.js";

describe("addresses", () => {
  test("a VM's list has IPv4 first, then IPv6, in reported order, each once", () => {
    const first = device({ ipv4Addresses: ["10.0.0.2", "10.0.0.1"], ipv6Addresses: ["fe80::2"] });
    const second = device({ ipv4Addresses: ["10.0.0.1", "10.0.0.3"], ipv6Addresses: ["fe80::1", "fe80::2"] });
    expect(joinIps([first, second])).toBe("10.0.0.2 10.0.0.1 10.0.0.3 fe80::2 fe80::1");
    expect(joinIps([])).toBeNull();
    expect(joinIps([device({ ipv4Addresses: [], ipv6Addresses: [] })])).toBeNull();
  });

  test.each([
    [null, null],
    ["", null],
    ["  ", null],
    ["127.0.0.1 10.0.0.1", null],
    [" 10.0.0.1  10.0.0.2 ", "10.0.0.1 10.0.0.2"],
    ["fe80::1%2 10.0.0.1 junk", "10.0.0.1 fe80::1"],
    ["junk", null],
  ])("guestIPs %j gives %j", (guestIPs, ips) => {
    expect(parseGuestIps(guestIPs)).toBe(ips);
  });

  test("two lists are the same in any order, and none is not some", () => {
    expect(hasSameIps("a b", "b a")).toBe(true);
    expect(hasSameIps("a b", "a c")).toBe(false);
    expect(hasSameIps("a b", "a")).toBe(false);
    expect(hasSameIps(null, "a")).toBe(false);
    expect(hasSameIps(null, null)).toBe(true);
  });
});

describe("guest interfaces", () => {
  const tidied = (...reported: Parameters<typeof reportedInterface>[0][]) =>
    toGuestInterfaces(VM, reported.map(reportedInterface), IGNORE);

  test.each(["lo", "lo0", "Loopback Pseudo-Interface 1", "tun0", "veth0a1b"])("leaves out %s", (name) => {
    expect(tidied({ name })).toEqual([]);
  });

  test.each(["eth0", "docker0", "virbr0", "lon1", "my-veth", "br-12ab", "x,y"])("keeps %s", (name) => {
    expect(tidied({ name })).toEqual([device({ name })]);
  });

  test("keeps an interface without a name, and takes an empty name for none", () => {
    expect(tidied({ name: null }, { name: "", hw: null })).toEqual([
      device({ name: null }),
      device({ name: null, macAddress: null }),
    ]);
  });

  test("drops the empty address of old agents, zones, repeats and junk", () => {
    expect(
      tidied({ inet: ["", "10.0.0.1", "10.0.0.1", "junk"], inet6: ["fe80::1%3", "FE80::1", "", "10.0.0.9"] }),
    ).toEqual([device()]);
  });

  test("keeps equal names with other values, and drops what is told twice", () => {
    expect(tidied({}, { inet: ["10.0.0.2"] }, {}, { inet6: [] })).toEqual([
      device(),
      device({ ipv4Addresses: ["10.0.0.2"] }),
      device({ ipv6Addresses: [] }),
    ]);
  });

  test("makes text storable: no NUL, no half characters", () => {
    expect(tidied({ name: "a\0b\ud800c😀" })[0]?.name).toBe("a\ufffdb\ufffdc😀");
  });
});

describe("text", () => {
  test("is cut by characters as PostgreSQL counts them", () => {
    expect(cutText("😀😀😀", 2)).toBe("😀😀");
    expect(cutText("abc", 3)).toBe("abc");
    expect(toStorableText("plain")).toBe("plain");
  });

  test.each([
    [null, null],
    ["", null],
    [" localhost ", null],
    ["LocalHost.localdomain", null],
    [" web.example.test ", "web.example.test"],
    ["localhost.example.test", "localhost.example.test"],
  ])("a guest's name %j becomes %j", (fqdn, tidied) => {
    expect(normalizeFqdn(fqdn)).toBe(tidied);
  });

  test("a status that nobody knows is unknown, not down", () => {
    expect(toVmStatus("Up")).toBe(1);
    expect(toVmStatus("Down")).toBe(0);
    expect(toVmStatus("Migration Destination")).toBe(6);
    expect(toVmStatus("Levitating")).toBe(7);
  });
});
