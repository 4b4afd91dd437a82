import { describe, expect, test } from "vitest";
import { parseGuestIps, hasSameIps, joinIps } from "../../../src/refresher/plan/guest-addresses.js";
import { toVmStatus } from "../../../src/refresher/plan/status.js";
import { cutText, toStorableText, normalizeFqdn } from "../../../src/refresher/plan/text.js";
import { toGuestInterfaces } from "../../../src/refresher/plan/normalize.js";
import type { GuestInterface } from "../../../src/store/types.js";
import type { ReportedInterface } from "../../../src/vdsm/records/interfaces.js";
import { ProblemList } from "../../../src/vdsm/records/values.js";
import { VM } from "../../support/builders/ids.js";
import { IGNORED_NAMES } from "../../support/builders/passes.js";
import { reportedInterface } from "../../support/builders/reported.js";
import { guestInterface } from "../../support/builders/stored.js";

describe("addresses", () => {
  test("a VM's list has IPv4 first, then IPv6, in reported order, each once", () => {
    const first = guestInterface({ ipv4Addresses: ["10.0.0.2", "10.0.0.1"], ipv6Addresses: ["fe80::2"] });
    const second = guestInterface({
      ipv4Addresses: ["10.0.0.1", "10.0.0.3"],
      ipv6Addresses: ["fe80::1", "fe80::2"],
    });
    expect(joinIps([first, second])).toBe("10.0.0.2 10.0.0.1 10.0.0.3 fe80::2 fe80::1");
    expect(joinIps([])).toBeNull();
    expect(joinIps([guestInterface({ ipv4Addresses: [], ipv6Addresses: [] })])).toBeNull();
  });

  test.each([
    [null, null],
    ["", null],
    ["  ", null],
    ["127.0.0.1 10.0.0.1", null],
    [" 10.0.0.1  10.0.0.2 ", "10.0.0.1 10.0.0.2"],
    ["fe80::1%2 10.0.0.1 junk", "10.0.0.1 fe80::1"],
    ["10.0.0.1,10.0.0.2; fe80::1", "10.0.0.1 10.0.0.2 fe80::1"],
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
    toGuestInterfaces(VM, reported.map(reportedInterface), IGNORED_NAMES);

  test("leaves out names that are ignored", () => {
    expect(tidied({ name: "veth0a1b" })).toEqual([]);
  });

  test.each([null, "00:00:00:00:00:00"])(
    "leaves out the link-local addresses of a loopback interface whose MAC is %s, which reach nobody",
    (hw) => {
      const loopback = { name: "lo0", hw, inet: ["127.0.0.1"], inet6: ["::1", "fe80::1%lo0"] };
      expect(tidied(loopback)).toEqual([]);
      expect(tidied({ ...loopback, inet6: [...loopback.inet6, "2001:db8::6"] })).toMatchObject([
        { ipv4Addresses: [], ipv6Addresses: ["2001:db8::6"] },
      ]);
      expect(tidied({ ...loopback, hw: "52:54:00:00:00:01" })).toMatchObject([
        { ipv6Addresses: ["fe80::1"] },
      ]);
      expect(tidied({ name: "tun0", hw, inet: [], inet6: ["fe80::1"] })).toMatchObject([
        { ipv6Addresses: ["fe80::1"] },
      ]);
    },
  );

  test.each(["lo", "lo0", "Loopback Pseudo-Interface 1", "dummy0"])(
    "leaves out the loopback addresses of %s, and it if it has no others",
    (name) => {
      const loopback = { inet: ["127.0.0.1", "127.1.2.3"], inet6: ["::1", "::ffff:127.0.0.1"] };
      expect(tidied({ name, ...loopback })).toEqual([]);
      expect(tidied({ name, ...loopback, inet: ["127.0.0.1", "10.1.1.6"] })).toEqual([
        guestInterface({ name, ipv4Addresses: ["10.1.1.6"], ipv6Addresses: [] }),
      ]);
      expect(tidied({ name, inet: [], inet6: [] })).toEqual([
        guestInterface({ name, ipv4Addresses: [], ipv6Addresses: [] }),
      ]);
    },
  );

  test("keeps addresses that cannot be read as they are known, and no others", () => {
    const known = [guestInterface({ ipv4Addresses: ["10.0.0.7"], ipv6Addresses: ["fe80::7"] })];
    const read = (overrides: Partial<ReportedInterface>) =>
      toGuestInterfaces(VM, [reportedInterface(overrides)], IGNORED_NAMES, { known });
    expect(read({ inet: null })).toEqual([guestInterface({ ipv4Addresses: ["10.0.0.7"] })]);
    expect(read({ inet6: null })).toEqual([guestInterface({ ipv6Addresses: ["fe80::7"] })]);
    expect(read({ name: "eth1", inet: null })).toEqual([guestInterface({ name: "eth1", ipv4Addresses: [] })]);
  });

  test("keeps a name and a MAC that cannot be read as they are known, where the other one tells whose they are", () => {
    const [eth0, eth1] = [
      guestInterface(),
      guestInterface({ name: "eth1", macAddress: "52:54:00:00:00:02" }),
    ];
    const read = (known: readonly GuestInterface[], overrides: Partial<ReportedInterface>) =>
      toGuestInterfaces(VM, [reportedInterface(overrides)], IGNORED_NAMES, { known });
    expect(read([eth0, eth1], { hw: undefined })).toEqual([eth0]);
    expect(read([eth0, eth1], { name: undefined })).toEqual([eth0]);
    expect(read([eth0, eth1], { name: undefined, inet: null })).toEqual([eth0]);
    const member = guestInterface({ name: "bond0" });
    expect(read([eth0, member], { name: undefined })).toEqual([guestInterface({ name: null })]);
    expect(read([eth1], { hw: undefined })).toEqual([guestInterface({ macAddress: null })]);
    expect(read([eth0], { name: undefined, hw: undefined })).toEqual([
      guestInterface({ name: null, macAddress: null }),
    ]);
    expect(read([eth0], { name: null, hw: null })).toEqual([
      guestInterface({ name: null, macAddress: null }),
    ]);
  });

  describe("of which a name or a MAC cannot be read", () => {
    const [eth0, eth1] = [
      guestInterface({ ipv4Addresses: ["10.0.0.1"] }),
      guestInterface({ name: "eth1", macAddress: "52:54:00:00:00:02", ipv4Addresses: ["10.0.0.2"] }),
    ];
    const readIdentities = (known: readonly GuestInterface[], ...reported: Partial<ReportedInterface>[]) =>
      toGuestInterfaces(VM, reported.map(reportedInterface), IGNORED_NAMES, { known }).map(
        ({ name, macAddress }) => [name, macAddress],
      );

    test("each keeps the stored one where all tell whose they are", () => {
      expect(
        readIdentities([eth0, eth1], { hw: undefined }, { name: undefined, hw: eth1.macAddress }),
      ).toEqual([
        ["eth0", eth0.macAddress],
        ["eth1", eth1.macAddress],
      ]);
    });

    test("a MAC that another one is reported with is not kept, however it is spelled", () => {
      for (const hw of ["52:54:00:00:00:01", "52:54:0:0:0:1", " 52-54-00-00-00-01 "]) {
        const moved = { name: "eth1", hw, inet: ["10.0.0.1"] };
        const expected = [
          ["eth0", null],
          ["eth1", eth0.macAddress],
        ];
        expect(readIdentities([eth0], { hw: undefined }, moved)).toEqual(expected);
        expect(readIdentities([eth0], moved, { hw: undefined })).toEqual(expected.toReversed());
      }
    });

    test("a MAC is kept beside a VLAN that had it before", () => {
      const vlan = guestInterface({ name: "eth0.10", ipv4Addresses: ["10.0.0.3"] });
      const reportedVlan = { name: "eth0.10", inet: ["10.0.0.3"] };
      expect(readIdentities([eth0, vlan], { hw: undefined }, reportedVlan)).toEqual([
        ["eth0", eth0.macAddress],
        ["eth0.10", eth0.macAddress],
      ]);
    });

    test("a name is not kept where its MAC, or the name, is reported of another one", () => {
      const unnamed = { name: undefined, inet: ["10.0.0.1"] };
      expect(readIdentities([eth0], { inet: [] }, unnamed)).toEqual([
        ["eth0", eth0.macAddress],
        [null, eth0.macAddress],
      ]);
      expect(readIdentities([eth0], { hw: "52:54:00:00:00:03", inet: [] }, unnamed)).toEqual([
        ["eth0", "52:54:00:00:00:03"],
        [null, eth0.macAddress],
      ]);
    });

    test("several with one MAC, or with one name, keep nothing", () => {
      const unnamed = { name: undefined };
      expect(readIdentities([eth0], { ...unnamed, inet: ["10.0.0.1"] }, { ...unnamed, inet: [] })).toEqual([
        [null, eth0.macAddress],
        [null, eth0.macAddress],
      ]);
      expect(
        readIdentities([eth0], { hw: undefined, inet: ["10.0.0.1"] }, { hw: undefined, inet: [] }),
      ).toEqual([
        ["eth0", null],
        ["eth0", null],
      ]);
    });
  });

  test("leaves out what exceeds the limits and says so; ignored names and repeats do not count", () => {
    const problems = new ProblemList();
    const reported = [
      ...Array.from({ length: 5_000 }, (_, at) => ({ name: `veth${at.toString(16)}` })),
      {},
      {},
      { name: "many", inet: ["10.0.0.2", "10.0.0.3"] },
      { name: "eth1" },
      { name: "eth2" },
    ].map(reportedInterface);
    const limits = { interfaces: 2, addresses: 4 };
    expect(toGuestInterfaces(VM, reported, IGNORED_NAMES, { limits, problems })).toEqual([
      guestInterface(),
      guestInterface({ name: "eth1" }),
    ]);
    expect(problems.list).toEqual([
      { field: "netIfaces", reason: "has more than 2 interfaces or 4 addresses; the others are left out" },
    ]);
  });

  test.each(["tun0", "wg0", "eth0", "docker0", "virbr0", "lon1", "my-veth", "br-12ab", "x,y"])(
    "keeps %s",
    (name) => {
      expect(tidied({ name })).toEqual([guestInterface({ name })]);
    },
  );

  test("keeps an interface without a name, and takes an empty name for none", () => {
    expect(tidied({ name: null }, { name: "", hw: null })).toEqual([
      guestInterface({ name: null }),
      guestInterface({ name: null, macAddress: null }),
    ]);
  });

  test("drops the empty address of old agents, zones, repeats and junk", () => {
    expect(
      tidied({ inet: ["", "10.0.0.1", "10.0.0.1", "junk"], inet6: ["fe80::1%3", "FE80::1", "", "10.0.0.9"] }),
    ).toEqual([guestInterface()]);
  });

  test("keeps equal names with other values, and drops what is told twice", () => {
    // Those of one name come in the order in which they are read back.
    expect(tidied({}, { inet: ["10.0.0.2"] }, {}, { inet6: [] })).toEqual([
      guestInterface({ ipv6Addresses: [] }),
      guestInterface(),
      guestInterface({ ipv4Addresses: ["10.0.0.2"] }),
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
