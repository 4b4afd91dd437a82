import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CHANGE_KIND, listKinds } from "../../../src/store/changes/kinds.js";
import { createDelta, undoDelta } from "../../../src/store/changes/vm-delta.js";
import type { VmVersion } from "../../../src/store/changes/vm-version.js";
import { UNKNOWN_INTERFACE } from "../../../src/store/read/interface-columns.js";
import { HOST_A, HOST_B, id } from "../../support/builders/ids.js";
import { guestInterfaceOf } from "../../support/builders/stored.js";

const VM_ID = id(1);
const address = fc.constantFrom("10.0.0.1", "10.0.0.2", "10.0.0.3");
const guestInterface = fc
  .record({
    name: fc.constantFrom("eth0", "eth1", null, ""),
    macAddress: fc.constantFrom("52:54:00:00:00:01", null),
    ipv4Addresses: fc.uniqueArray(address, { maxLength: 3 }),
    ipv6Addresses: fc.uniqueArray(fc.constantFrom("fe80::1", "2001:db8::1"), { maxLength: 2 }),
  })
  .map((values) => ({ ...UNKNOWN_INTERFACE, vmId: VM_ID, ...values }));
const nic = fc.record({
  id: fc.constantFrom(id(0x10001), id(0x10002)),
  name: fc.constantFrom("nic1", "nic2"),
  macAddress: fc.constantFrom("52:54:00:00:00:01", null),
  network: fc.constantFrom("ovirtmgmt", null),
  linked: fc.boolean(),
});
const interfaces = fc.array(guestInterface, { maxLength: 5 });
const version: fc.Arbitrary<VmVersion> = fc
  .record({
    id: fc.constant(VM_ID),
    name: fc.constantFrom("web", "db"),
    status: fc.constantFrom(0, 1),
    hostId: fc.constantFrom(HOST_A, HOST_B, null),
    fqdn: fc.constantFrom("a.test", null),
    silence: fc.constantFrom("silent" as const, "absent" as const, null),
    isMissing: fc.boolean(),
    interfaces,
    nics: fc.uniqueArray(nic, { selector: (each) => each.id, maxLength: 2 }),
    given: fc.constantFrom("10.9.9.9", null),
    isDerived: fc.boolean(),
  })
  .map(({ given, isDerived, ...rest }) => {
    const all = [
      ...new Set([
        ...rest.interfaces.flatMap((each) => each.ipv4Addresses),
        ...rest.interfaces.flatMap((each) => each.ipv6Addresses),
      ]),
    ];
    return { ...rest, ips: isDerived ? (all.length === 0 ? null : all.join(" ")) : given };
  });

describe("a change in the log", () => {
  test("takes any version of a VM back to any version before it, through JSON", () => {
    fc.assert(
      fc.property(version, version, fc.boolean(), (before, after, isFull) => {
        const change = createDelta(before, after, isFull);
        if (change === null) {
          expect(after).toEqual(before);
          return;
        }
        const delta = JSON.parse(JSON.stringify(change.delta)) as typeof change.delta;
        expect(undoDelta(after, delta)).toEqual(before);
      }),
      { numRuns: 2_000 },
    );
  });

  test("of a VM that is new goes back to none", () => {
    fc.assert(
      fc.property(version, (after) => {
        const change = createDelta(null, after, false);
        expect(listKinds(change?.kinds ?? 0)).toEqual(["NEW"]);
        expect(undoDelta(after, change!.delta)).toBeNull();
      }),
    );
  });

  test("of one address keeps the two addresses and the interface's name, and nothing else", () => {
    const before = plain();
    const after = {
      ...before,
      ips: "10.9.9.9",
      interfaces: [guestInterfaceOf(1, { ipv4Addresses: ["10.9.9.9"] })],
    };
    expect(createDelta(before, after, false)).toEqual({
      kinds: CHANGE_KIND.ADDRESSES | CHANGE_KIND.INTERFACES,
      delta: { upd: [[0, "eth0", { 4: [["10.1.2.3"], ["10.9.9.9"]] }]] },
    });
  });

  test("says of what kinds it is", () => {
    const before = plain();
    const kindsOf = (values: Partial<VmVersion>) =>
      listKinds(createDelta(before, { ...before, ...values }, false)?.kinds ?? 0);
    expect(kindsOf({ name: "other" })).toEqual(["NAME"]);
    expect(kindsOf({ status: 0, hostId: null })).toEqual(["STATUS", "HOST"]);
    expect(kindsOf({ fqdn: "b.test" })).toEqual(["FQDN"]);
    expect(kindsOf({ silence: "silent" })).toEqual(["STALENESS"]);
    expect(kindsOf({ isMissing: true })).toEqual(["STALENESS"]);
    expect(kindsOf({ ips: null, interfaces: [] })).toEqual(["ADDRESSES", "INTERFACES"]);
    expect(kindsOf({})).toEqual([]);
  });

  test("from before a field of interfaces existed gives that field as not known", () => {
    const before = plain();
    const change = createDelta(before, { ...before, interfaces: [] }, false)!;
    const [start, [old], fresh] = change.delta.ifs!;
    const older = Object.fromEntries(Object.entries(old!).filter(([field]) => field !== "ipv6Addresses"));
    const delta = { ...change.delta, ifs: [start, [older], fresh] } as unknown as typeof change.delta;
    expect(undoDelta({ ...before, interfaces: [] }, delta)?.interfaces[0]?.ipv6Addresses).toEqual([]);
  });
});

function plain(): VmVersion {
  return {
    id: VM_ID,
    name: "web",
    status: 1,
    hostId: HOST_A,
    ips: "10.1.2.3",
    fqdn: null,
    silence: null,
    isMissing: false,
    interfaces: [guestInterfaceOf(1)],
    nics: [],
  };
}
