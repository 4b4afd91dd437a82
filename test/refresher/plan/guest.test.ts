import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findPrimaryAddress } from "../../../src/model/address/primary-address.js";
import { planGuest } from "../../../src/refresher/plan/guest.js";
import { parseInterfaces } from "../../../src/vdsm/records/interfaces.js";
import { ProblemList } from "../../../src/vdsm/records/values.js";
import type { StoredVm } from "../../../src/store/types.js";
import { IGNORED_NAMES } from "../../support/builders/passes.js";
import { reportedInterface, reportedVm } from "../../support/builders/reported.js";
import { guestInterface, storedVm } from "../../support/builders/stored.js";

const KEY_ABSENT = { netIfaces: null, guestIPs: null, guestFQDN: null } as const;
const of = (overrides: Parameters<typeof reportedVm>[0], known: StoredVm | null = storedVm()) =>
  planGuest(reportedVm(overrides), known, IGNORED_NAMES);

describe("a guest", () => {
  test("a guest that reports replaces what is known", () => {
    const netIfaces = [reportedInterface({ name: "eth1", inet: ["10.0.0.9"], inet6: [] })];
    expect(of({ netIfaces, guestFQDN: "new.example.test" })).toEqual({
      interfaces: [guestInterface({ name: "eth1", ipv4Addresses: ["10.0.0.9"], ipv6Addresses: [] })],
      ips: "10.0.0.9",
      fqdn: "new.example.test",
      silence: null,
      staleDetail: null,
    });
  });

  test("a guest that reports no interfaces has none", () => {
    expect(of({ netIfaces: [] })).toMatchObject({ interfaces: [], ips: null, silence: null });
  });

  test("a guest that reports nothing but plumbing has none", () => {
    expect(
      of({ netIfaces: [reportedInterface({ name: "lo", inet: ["127.0.0.1"], inet6: ["::1"] })] }),
    ).toMatchObject({
      interfaces: [],
      ips: null,
    });
  });

  test("a guest that falls silent keeps everything", () => {
    const { interfaces, ips, fqdn } = storedVm();
    expect(of(KEY_ABSENT)).toEqual({ interfaces, ips, fqdn, silence: "silent", staleDetail: null });
    expect(of(KEY_ABSENT, storedVm({ silence: "silent" }))).toMatchObject({ silence: "silent" });
  });

  test("a guest that is silent in a run of its own does not inherit an earlier run's addresses", () => {
    expect(of(KEY_ABSENT, null)).toEqual({
      interfaces: [],
      ips: null,
      fqdn: null,
      silence: "absent",
      staleDetail: null,
    });
  });

  test("with an old agent has what can be read of its guestIPs, and that is current", () => {
    const problems = [{ field: "guestIPs", reason: 'has "unknown", no address' }];
    expect(of({ ...KEY_ABSENT, guestIPs: "10.0.0.7 unknown", problems }, null)).toMatchObject({
      ips: "10.0.0.7",
      silence: "ips-only",
      staleDetail: 'guestIPs has "unknown", no address',
    });
    expect(of({ ...KEY_ABSENT, problems }, null)).toMatchObject({ ips: null, silence: "invalid" });
  });

  test("with an old agent has its guestIPs alone, and they are current", () => {
    const first = of({ ...KEY_ABSENT, guestIPs: "10.0.0.7 10.0.0.8" }, null);
    expect(first).toEqual({
      interfaces: [],
      ips: "10.0.0.7 10.0.0.8",
      fqdn: null,
      silence: "ips-only",
      staleDetail: null,
    });
    const again = of({ ...KEY_ABSENT, guestIPs: "10.0.0.8 10.0.0.7" }, storedVm({ ...first }));
    expect(again).toEqual(first);
  });

  test("with an old agent that falls silent keeps its list", () => {
    const known = storedVm({ interfaces: [], ips: "10.0.0.7", silence: "ips-only" });
    expect(of({ ...KEY_ABSENT, guestIPs: "" }, known)).toMatchObject({ ips: "10.0.0.7", silence: "absent" });
  });

  test("a guest that was unreadable is silent if it ever told its interfaces, absent if not", () => {
    expect(of(KEY_ABSENT, storedVm({ silence: "invalid" }))).toMatchObject({
      silence: "silent",
      staleDetail: null,
    });
    expect(of(KEY_ABSENT, storedVm({ silence: "invalid", interfaces: [] }))).toMatchObject({
      silence: "absent",
    });
    expect(of(KEY_ABSENT, storedVm({ silence: "absent", interfaces: [] }))).toMatchObject({
      silence: "absent",
    });
  });

  test("a guest that tells an empty name has none; one that tells no name keeps it", () => {
    expect(of({ guestFQDN: "" }).fqdn).toBeNull();
    expect(of({ guestFQDN: "localhost" }).fqdn).toBeNull();
    expect(of({ guestFQDN: null }).fqdn).toBe("web.example.test");
    expect(of({ guestFQDN: null }, null).fqdn).toBeNull();
  });

  test("has its interfaces, their addresses and its list of addresses in one order, whatever changed", () => {
    const known = storedVm({
      ips: "10.0.0.1 10.0.0.2",
      interfaces: [
        guestInterface({ name: "a", ipv6Addresses: [] }),
        guestInterface({ name: "b", ipv4Addresses: ["10.0.0.2"], ipv6Addresses: [] }),
      ],
    });
    const netIfaces = [
      reportedInterface({ name: "b", inet: ["10.0.0.22"], inet6: [] }),
      reportedInterface({ name: "a", inet: ["10.0.0.1"], inet6: [] }),
    ];
    const { interfaces, ips } = of({ netIfaces }, known);
    expect(interfaces.map(({ name }) => name)).toEqual(["a", "b"]);
    expect(ips).toBe("10.0.0.1 10.0.0.22");
  });

  test("whose report is wrong in a field is current as far as it can be read, and says what is wrong", () => {
    const problems = [{ field: "vmName", reason: "is no text" }];
    expect(of({ problems, vmName: null })).toMatchObject({
      interfaces: [guestInterface()],
      silence: "partial",
      staleDetail: "vmName is no text",
    });
    const unreadable = { netIfaces: null, problems: [{ field: "netIfaces", reason: "is no list" }] };
    expect(of(unreadable)).toMatchObject({
      interfaces: [guestInterface()],
      silence: "invalid",
      staleDetail: "netIfaces is no list",
    });
  });

  test("is told of a wrong interface by its name, wherever it stands, and of an ignored one not at all", () => {
    const tell = (...spoken: readonly object[]) => {
      const problems = new ProblemList();
      const netIfaces = parseInterfaces(spoken, problems);
      const { silence, staleDetail } = of({ netIfaces, problems: problems.list });
      return [silence, staleDetail];
    };
    const wrong = { name: "eth1", inet: ["x"] };
    const ignored = { name: "veth0a", inet: "y", inet6: [5] };
    const told = ["partial", 'inet of netIfaces["eth1"] has "x", no IPv4 address'];
    expect(tell(wrong)).toEqual(told);
    expect(tell(ignored, { name: "docker0" }, wrong)).toEqual(told);
    expect(tell(ignored)).toEqual([null, null]);
    expect(tell(...Array.from({ length: 1_000 }, () => ignored), wrong)).toEqual(told);
    expect(tell({ inet: ["x"] })).toEqual(["partial", 'inet of netIfaces[0] has "x", no IPv4 address']);
  });

  test("is told of a wrong interface whose long name begins as that of an ignored one, and of no number that is ignored", () => {
    const long = "v".repeat(60);
    const spoken = [`${long}1`, `${long}2`, 5].map((name) => ({ name, inet: "x" }));
    const vm = reportedVm({ netIfaces: parseInterfaces(spoken, new ProblemList()) });
    const { staleDetail } = planGuest(vm, null, [/2$/, /^5$/]);
    expect(staleDetail).toBe(`inet of netIfaces["${"v".repeat(45)}…"] is no list`);
  });

  test("whose addresses without interfaces cannot be read is not silent", () => {
    const problems = [{ field: "guestIPs", reason: "is no text" }];
    const known = storedVm({ interfaces: [], ips: "10.0.0.7", silence: "ips-only" });
    expect(of({ ...KEY_ABSENT, problems }, known)).toMatchObject({
      ips: "10.0.0.7",
      silence: "invalid",
      staleDetail: "guestIPs is no text",
    });
  });

  test("whose addresses come in another order has changed nothing", () => {
    const known = storedVm({
      ips: "10.0.0.1 10.0.0.2",
      interfaces: [guestInterface({ ipv4Addresses: ["10.0.0.1", "10.0.0.2"], ipv6Addresses: [] })],
    });
    const netIfaces = [reportedInterface({ inet: ["10.0.0.2", "10.0.0.1"], inet6: [] })];
    expect(of({ netIfaces }, known).ips).toBe("10.0.0.1 10.0.0.2");
  });

  test("that gets an address in front of the others keeps its first one, and its primary address", () => {
    const stable = "2001:db8::91ac:1b2c:3d4e:5f60";
    const [today, tomorrow] = ["2001:db8::1111:2222:3333:4444", "2001:db8::5555:6666:7777:8888"];
    const known = (addresses: readonly string[]) =>
      storedVm({ interfaces: [guestInterface({ ipv4Addresses: [], ipv6Addresses: addresses })] });
    const report = (inet6: readonly string[], before: readonly string[]) =>
      of({ netIfaces: [reportedInterface({ inet: [], inet6 })] }, known(before)).interfaces;
    const [first] = report([today, stable, "fe80::1"], [stable, "fe80::1"]);
    expect(first?.ipv6Addresses).toEqual([stable, "fe80::1", today]);
    expect(findPrimaryAddress([first!], [])?.address).toBe(stable);
    const [second] = report([tomorrow, today, "fe80::1"], first!.ipv6Addresses);
    expect(second?.ipv6Addresses).toEqual(["fe80::1", today, tomorrow]);
  });

  test("keeps its primary address while it reports it, whatever comes and goes before and behind it", () => {
    const anyReport = fc.uniqueArray(
      fc.record({
        name: fc.constantFrom("bond0.10", "bond0.20", "bond0.30", "eth0"),
        inet: fc.uniqueArray(fc.constantFrom("10.0.0.1", "10.0.0.2", "10.0.0.3"), { maxLength: 3 }),
      }),
      { selector: ({ name }) => name },
    );
    let kept = 0;
    fc.assert(
      fc.property(fc.array(anyReport, { minLength: 2, maxLength: 6 }), (reports) => {
        let known = storedVm({ interfaces: [], ips: null });
        let before = findPrimaryAddress(known.interfaces, []);
        for (const report of reports) {
          const { interfaces } = of(
            { netIfaces: report.map((each) => reportedInterface({ ...each, inet6: [] })) },
            known,
          );
          const now = findPrimaryAddress(interfaces, []);
          const isThere = report.some(
            ({ name, inet }) =>
              name === before?.guestInterface?.name && inet.some((address) => address === before?.address),
          );
          if (before !== null && isThere) {
            kept += 1;
            expect(now?.address).toBe(before.address);
          }
          known = storedVm({ interfaces });
          before = now;
        }
      }),
    );
    expect(kept).toBeGreaterThan(50);
  });

  test("that reports addresses alone keeps the order of those it had, IPv4 first", () => {
    const known = (ips: string | null) => storedVm({ interfaces: [], ips, silence: "ips-only" });
    const report = (guestIPs: string, before: string | null) =>
      of({ ...KEY_ABSENT, guestIPs }, known(before)).ips;
    expect(report("10.0.0.4 10.0.0.5", "10.0.0.5")).toBe("10.0.0.5 10.0.0.4");
    expect(report("10.0.0.6 10.0.0.5 fd00::2 fd00::1 10.0.0.7", "10.0.0.5 10.0.0.6 fd00::1")).toBe(
      "10.0.0.5 10.0.0.6 10.0.0.7 fd00::1 fd00::2",
    );
    expect(report("10.0.0.6 10.0.0.5", "10.0.0.5 10.0.0.6")).toBe("10.0.0.5 10.0.0.6");
    expect(report("10.0.0.4", null)).toBe("10.0.0.4");
  });
});
