import fc from "fast-check";
import { compareNics, type VmVersion } from "../../../src/store/changes/versions/vm-version.js";
import { UNKNOWN_INTERFACE } from "../../../src/store/read/interface-columns.js";
import { HOST_A, HOST_B, id } from "./ids.js";
import { toGuestInterfaceOf } from "./stored.js";

/** The VM of which these are versions. */
export const VERSION_ID = id(1);
const address = fc.constantFrom("10.0.0.1", "10.0.0.2", "10.0.0.3");
const guestInterface = fc
  .record({
    name: fc.constantFrom("eth0", "eth1", null, ""),
    macAddress: fc.constantFrom("52:54:00:00:00:01", null),
    ipv4Addresses: fc.uniqueArray(address, { maxLength: 3 }),
    ipv6Addresses: fc.uniqueArray(fc.constantFrom("fe80::1", "2001:db8::1"), { maxLength: 2 }),
  })
  .map((values) => ({ ...UNKNOWN_INTERFACE, vmId: VERSION_ID, ...values }));
const nic = fc.record({
  id: fc.constantFrom(id(0x10001), id(0x10002)),
  name: fc.constantFrom("nic1", "nic2"),
  macAddress: fc.constantFrom("52:54:00:00:00:01", null),
  network: fc.constantFrom("ovirtmgmt", null),
  linked: fc.boolean(),
});
const interfaces = fc.array(guestInterface, { maxLength: 5 });
/** Any version of that VM. */
export const anyVersion: fc.Arbitrary<VmVersion> = fc
  .record({
    id: fc.constant(VERSION_ID),
    name: fc.constantFrom("web", "db"),
    status: fc.constantFrom(0, 1),
    hostId: fc.constantFrom(HOST_A, HOST_B, null),
    fqdn: fc.constantFrom("a.test", null),
    silence: fc.constantFrom("silent" as const, "absent" as const, null),
    staleDetail: fc.constantFrom("netIfaces: not a list", null),
    isMissing: fc.boolean(),
    interfaces,
    nics: fc.option(
      fc
        .uniqueArray(nic, { selector: (each) => each.id, maxLength: 2 })
        .map((nics) => nics.toSorted(compareNics)),
    ),
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

/** A version of that VM that is up and has one interface with one address. */
export function plainVersion(values: Partial<VmVersion> = {}): VmVersion {
  return {
    id: VERSION_ID,
    name: "web",
    status: 1,
    hostId: HOST_A,
    ips: "10.1.2.3",
    fqdn: null,
    silence: null,
    staleDetail: null,
    isMissing: false,
    interfaces: [toGuestInterfaceOf(1)],
    nics: [],
    ...values,
  };
}
