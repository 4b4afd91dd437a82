import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Difference } from "../../../../src/store/changes/differences/difference.js";
import { listDifferences } from "../../../../src/store/changes/differences/differences.js";
import { createDelta } from "../../../../src/store/changes/versions/vm-delta.js";
import type { VmVersion } from "../../../../src/store/changes/versions/vm-version.js";
import { applyDifferences } from "../../../support/passes/apply-differences.js";
import { HOST_A, HOST_B, id } from "../../../support/builders/ids.js";
import { toGuestInterfaceOf } from "../../../support/builders/stored.js";
import { anyVersion, plainVersion } from "../../../support/builders/versions.js";

const MAC = "52:54:00:00:00:99";
const eth0 = toGuestInterfaceOf(1);
const vlan = toGuestInterfaceOf(1, { name: "eth0.100", macAddress: MAC, ipv4Addresses: ["10.100.0.1"] });
const nic = { id: id(0x10001), name: "nic1", macAddress: MAC, network: "ovirtmgmt", linked: true };

/** What changes of a plain version, and the kinds of differences that it shows, in order. */
interface DifferenceCase {
  readonly before: Partial<VmVersion>;
  readonly after: Partial<VmVersion>;
  readonly kinds: readonly Difference["kind"][];
}

const CASES: Readonly<Record<string, DifferenceCase>> = {
  nothing: { before: {}, after: {}, kinds: [] },
  "another name": { before: {}, after: { name: "db" }, kinds: ["VM_RENAMED"] },
  "another status": { before: {}, after: { status: 4 }, kinds: ["VM_STATUS_CHANGED"] },
  "a migration": { before: {}, after: { hostId: HOST_B }, kinds: ["VM_MOVED"] },
  "another name of the guest": { before: {}, after: { fqdn: "a.test" }, kinds: ["GUEST_RENAMED"] },
  "a silent agent": { before: {}, after: { silence: "silent" }, kinds: ["STALENESS_CHANGED"] },
  "an agent that is back": { before: { silence: "silent" }, after: {}, kinds: ["STALENESS_CHANGED"] },
  "a VM that its host misses": { before: {}, after: { isMissing: true }, kinds: ["STALENESS_CHANGED"] },
  "a VLAN": {
    before: {},
    after: { interfaces: [eth0, vlan], ips: "10.1.2.3 10.100.0.1" },
    kinds: ["DEVICE_APPEARED", "ADDRESS_ADDED"],
  },
  "a VLAN that goes": {
    before: { interfaces: [eth0, vlan], ips: "10.1.2.3 10.100.0.1" },
    after: {},
    kinds: ["ADDRESS_REMOVED", "DEVICE_DISAPPEARED"],
  },
  "another name of an interface": {
    before: {},
    after: { interfaces: [{ ...eth0, name: "ens3" }] },
    kinds: ["DEVICE_RENAMED"],
  },
  "another address": {
    before: {},
    after: { interfaces: [{ ...eth0, ipv4Addresses: ["10.9.9.9"] }], ips: "10.9.9.9" },
    kinds: ["ADDRESS_REMOVED", "ADDRESS_ADDED"],
  },
  "an order of addresses": {
    before: { interfaces: [{ ...eth0, ipv4Addresses: ["10.0.0.1", "10.0.0.2"] }], ips: "10.0.0.1 10.0.0.2" },
    after: { interfaces: [{ ...eth0, ipv4Addresses: ["10.0.0.2", "10.0.0.1"] }], ips: "10.0.0.2 10.0.0.1" },
    kinds: ["DEVICE_CHANGED"],
  },
  "an order of interfaces": {
    before: { interfaces: [eth0, vlan], ips: "10.1.2.3 10.100.0.1" },
    after: { interfaces: [vlan, eth0], ips: "10.100.0.1 10.1.2.3" },
    kinds: ["DEVICES_REORDERED"],
  },
  "addresses of an old agent": {
    before: { interfaces: [], ips: "10.0.0.1", silence: "ips-only" },
    after: { interfaces: [], ips: "10.0.0.2", silence: "ips-only" },
    kinds: ["ADDRESS_REMOVED", "ADDRESS_ADDED", "ADDRESS_LIST_CHANGED"],
  },
  "a first vNIC": { before: {}, after: { nics: [nic] }, kinds: ["NIC_APPEARED"] },
  "a vNIC that goes": { before: { nics: [nic] }, after: { nics: [] }, kinds: ["NIC_DISAPPEARED"] },
  "a vNIC on another network": {
    before: { nics: [nic] },
    after: { nics: [{ ...nic, network: "lab" }] },
    kinds: ["NIC_CHANGED"],
  },
  "vNICs that are told: none": { before: { nics: null }, after: { nics: [] }, kinds: ["NICS_TOLD"] },
  "vNICs that are told: one": {
    before: { nics: null },
    after: { nics: [nic] },
    kinds: ["NICS_TOLD", "NIC_APPEARED"],
  },
};

describe("the differences of two versions of a VM", () => {
  test.each(Object.entries(CASES))("%s", (_, { before, after, kinds }) => {
    const differences = listDifferences(plainVersion(before), plainVersion(after));
    expect(differences.map(({ kind }) => kind)).toEqual(kinds);
  });

  test("name the values on both sides", () => {
    expect(listDifferences(plainVersion(), plainVersion({ hostId: HOST_B, silence: "silent" }))).toEqual([
      { kind: "VM_MOVED", before: HOST_A, after: HOST_B },
      {
        kind: "STALENESS_CHANGED",
        before: { silence: null, isMissing: false, staleDetail: null },
        after: { silence: "silent", isMissing: false, staleDetail: null },
      },
    ]);
  });

  test("with no version before or after are that the VM appeared, or is not stored any more", () => {
    const version = plainVersion();
    expect(listDifferences(null, version)).toEqual([{ kind: "VM_APPEARED", after: version }]);
    expect(listDifferences(version, null)).toEqual([{ kind: "VM_FORGOTTEN", before: version }]);
    expect(listDifferences(null, null)).toEqual([]);
  });

  test("make any version of any other one, and are none exactly if the log has none", () => {
    fc.assert(
      fc.property(anyVersion, anyVersion, (before, after) => {
        const differences = listDifferences(before, after);
        expect(applyDifferences(before, differences)).toEqual(after);
        expect(differences.length === 0).toBe(createDelta(before, after, false) === null);
      }),
      { numRuns: 3_000 },
    );
  });

  test("of 4,000 interfaces that all change their places are found at once", () => {
    const many = Array.from({ length: 4_000 }, (_, at) => ({ ...eth0, name: `eth${at}`, ipv4Addresses: [] }));
    const [before, after] = [
      plainVersion({ interfaces: many }),
      plainVersion({ interfaces: many.toReversed() }),
    ];
    expect(listDifferences(before, after).map(({ kind }) => kind)).toEqual(["DEVICES_REORDERED"]);
  });
});
