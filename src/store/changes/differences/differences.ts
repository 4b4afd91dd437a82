import { compareAddresses, listAddresses, listDeviceDifferences } from "./interface-differences.js";
import type { DeviceDifference, Difference, NicDifference, Staleness } from "./difference.js";
import { joinAddresses } from "../versions/vm-delta.js";
import { isSameNic, type VmVersion } from "../versions/vm-version.js";

/**
 * Lists the differences between two versions of a VM; a version of `null` means that the VM was not stored. The list is
 * empty if and only if a reader sees no difference. It is complete: `applyDifferences` in the tests makes the version after
 * from the version before and the list.
 */
export function listDifferences(before: VmVersion | null, after: VmVersion | null): Difference[] {
  if (before === null || after === null) {
    if (after !== null) return [{ kind: "VM_APPEARED", after }];
    return before === null ? [] : [{ kind: "VM_FORGOTTEN", before }];
  }
  const differences: Difference[] = [];
  if (before.name !== after.name) {
    differences.push({ kind: "VM_RENAMED", before: before.name, after: after.name });
  }
  if (before.status !== after.status) {
    differences.push({ kind: "VM_STATUS_CHANGED", before: before.status, after: after.status });
  }
  if (before.hostId !== after.hostId) {
    differences.push({ kind: "VM_MOVED", before: before.hostId, after: after.hostId });
  }
  if (before.fqdn !== after.fqdn) {
    differences.push({ kind: "GUEST_RENAMED", before: before.fqdn, after: after.fqdn });
  }
  const [stale, staleAfter] = [readStaleness(before), readStaleness(after)];
  if (!isSameStaleness(stale, staleAfter)) {
    differences.push({ kind: "STALENESS_CHANGED", before: stale, after: staleAfter });
  }
  differences.push(...listDeviceDifferences(before.interfaces, after.interfaces));
  differences.push(...listLooseAddresses(before, after));
  const expectedIps = isDerived(before) ? joinAddresses(after.interfaces) : before.ips;
  if (expectedIps !== after.ips) {
    differences.push({ kind: "ADDRESS_LIST_CHANGED", before: before.ips, after: after.ips });
  }
  differences.push(...listNicDifferences(before.nics, after.nics));
  return differences;
}

/** Returns the stored reasons why the data of a version's guest are stale. */
export function readStaleness({ silence, isMissing, staleDetail }: VmVersion): Staleness {
  return { silence, isMissing, staleDetail };
}

/** Lists those of a version's `ips` that no interface has. An old agent reports such addresses. */
export function listAddressesWithoutInterface({ ips, interfaces }: VmVersion): string[] {
  if (ips === null) return [];
  const ofInterfaces = new Set(interfaces.flatMap(listAddresses));
  return [...new Set(ips.split(" "))].filter((address) => address !== "" && !ofInterfaces.has(address));
}

function isDerived({ ips, interfaces }: VmVersion): boolean {
  return joinAddresses(interfaces) === ips;
}

function isSameStaleness(left: Staleness, right: Staleness): boolean {
  return (
    left.silence === right.silence &&
    left.isMissing === right.isMissing &&
    left.staleDetail === right.staleDetail
  );
}

function listLooseAddresses(before: VmVersion, after: VmVersion): DeviceDifference[] {
  const sides = { before: null, after: null };
  return compareAddresses(listAddressesWithoutInterface(before), listAddressesWithoutInterface(after), sides);
}

function listNicDifferences(before: VmVersion["nics"], after: VmVersion["nics"]): NicDifference[] {
  const old = new Map((before ?? []).map((nic) => [nic.id, nic]));
  const fresh = new Map((after ?? []).map((nic) => [nic.id, nic]));
  const knownChange: NicDifference[] =
    (before === null) === (after === null) ? [] : [{ kind: "NICS_TOLD", after: after !== null }];
  const gone = [...old.values()].filter(({ id }) => !fresh.has(id));
  return [
    ...knownChange,
    ...gone.map((nic): NicDifference => ({ kind: "NIC_DISAPPEARED", nic })),
    ...[...fresh.values()].flatMap((nic): NicDifference[] => {
      const known = old.get(nic.id);
      if (known === undefined) return [{ kind: "NIC_APPEARED", nic }];
      return isSameNic(known, nic) ? [] : [{ kind: "NIC_CHANGED", before: known, after: nic }];
    }),
  ];
}
