import { findPrimaryAddress } from "../../model/address/primary-address.js";
import type { GuestLimits } from "../../model/guest/guest-limits.js";
import { hasUnreadableGuest } from "../../vdsm/records/vm-stats.js";
import { ProblemList } from "../../vdsm/records/values.js";
import type { ReportedVm } from "../../vdsm/records/types.js";
import type { GuestInterface, GuestSilence, StoredVm } from "../../store/types.js";
import { diffInterfaces, formatInterfaceKey } from "./diff.js";
import { hasSameIps, joinIps, parseGuestIps } from "./guest-addresses.js";
import { toGuestInterfaces } from "./normalize.js";
import { formatProblems } from "./problems.js";
import { normalizeFqdn } from "./text.js";

/** The data of a guest after a report of its owner. */
export interface GuestData {
  readonly interfaces: readonly GuestInterface[];
  readonly ips: string | null;
  readonly fqdn: string | null;
  readonly silence: GuestSilence | null;
  readonly staleDetail: string | null;
}

/**
 * Computes a guest's data from its owner's report. `known` is what is stored since the VM's start; `null` if it has just
 * started. A silent guest keeps the known data, but never those of an earlier run.
 */
export function planGuest(
  reported: ReportedVm,
  known: StoredVm | null,
  ignoreNames: readonly RegExp[],
  limits?: GuestLimits,
): GuestData {
  if (reported.netIfaces === null) return planSilentGuest(reported, known);
  const problems = new ProblemList(reported.problems);
  const stored = known?.interfaces ?? [];
  const normalized = toGuestInterfaces(reported.vmId, reported.netIfaces, ignoreNames, {
    known: stored,
    problems,
    ...(limits !== undefined && { limits }),
  });
  const interfaces = keepPrimary(known, keepStored(stored, normalized));
  const ips = joinIps(interfaces);
  return {
    interfaces,
    ips: interfaces === stored ? keepIfSame(known?.ips ?? null, ips) : ips,
    // An empty name is an answer of the guest. An absent one is no answer.
    fqdn: reported.guestFQDN === null ? (known?.fqdn ?? null) : normalizeFqdn(reported.guestFQDN),
    silence: problems.list.length > 0 ? "partial" : null,
    staleDetail: formatProblems(problems.list),
  };
}

function planSilentGuest(reported: ReportedVm, known: StoredVm | null): GuestData {
  const guestIps = parseGuestIps(reported.guestIPs);
  const knownIps = known?.ips ?? null;
  return {
    interfaces: known?.interfaces ?? [],
    ips: guestIps === null ? knownIps : keepOrderOfIps(knownIps, guestIps),
    fqdn: normalizeFqdn(reported.guestFQDN) ?? known?.fqdn ?? null,
    silence: findSilence(reported, known, guestIps),
    staleDetail: formatProblems(reported.problems),
  };
}

function findSilence(reported: ReportedVm, known: StoredVm | null, guestIps: string | null): GuestSilence {
  if (hasUnreadableGuest(reported)) return "invalid";
  if (hasReported(known)) return "silent";
  return guestIps === null ? "absent" : "ips-only";
}

/** Returns `true` if the guest has reported interfaces since its start. Then the stored ones are the latest. */
function hasReported(known: StoredVm | null): boolean {
  if (known === null) return false;
  if (known.silence === null || known.silence === "silent" || known.silence === "partial") return true;
  // After an unreadable report it is not stored whether the guest had reported before. Stored interfaces show that it had.
  return known.silence === "invalid" && known.interfaces.length > 0;
}

/**
 * Returns the stored interfaces if only orders differ from the reported ones. An agent changes orders without a reason, so
 * that is not worth a write. Otherwise returns the reported interfaces, those that are stored first and in their order, with each
 * equal stored one in place of the reported one. So all orders stay as they are stored, also where an interface or an address comes or
 * goes: see {@link keepOrder}.
 */
function keepStored(
  stored: readonly GuestInterface[],
  reported: readonly GuestInterface[],
): readonly GuestInterface[] {
  const { inserted, deleted, updated } = diffInterfaces(stored, reported);
  if (inserted.length + deleted.length + updated.length === 0) return stored;
  const storedByKey = new Map(
    stored.map((guestInterface) => [formatInterfaceKey(guestInterface), guestInterface]),
  );
  const changed = new Map(updated.map(({ before, after }) => [after, before]));
  const positions = new Map(stored.map((guestInterface, position) => [guestInterface, position]));
  return reported
    .map((guestInterface) => {
      const same = storedByKey.get(formatInterfaceKey(guestInterface));
      if (same !== undefined) return { kept: same, position: positions.get(same) ?? 0 };
      const before = changed.get(guestInterface);
      if (before === undefined) return { kept: guestInterface, position: stored.length };
      const kept = {
        ...guestInterface,
        ipv4Addresses: keepOrder(before.ipv4Addresses, guestInterface.ipv4Addresses),
        ipv6Addresses: keepOrder(before.ipv6Addresses, guestInterface.ipv6Addresses),
      };
      return { kept, position: positions.get(before) ?? 0 };
    })
    .sort((one, other) => one.position - other.position)
    .map(({ kept }) => kept);
}

/**
 * Returns the interfaces in an order in which the guest's primary address stays, if it is still reported and no other one is better:
 * an interface that had no address, and stands before the primary address', may have got one.
 */
function keepPrimary(
  known: Pick<StoredVm, "interfaces" | "nics"> | null,
  interfaces: readonly GuestInterface[],
): readonly GuestInterface[] {
  if (known === null || interfaces === known.interfaces) return interfaces;
  const { nics } = known;
  const before = findPrimaryAddress(known.interfaces, nics);
  const isBefore = (order: readonly GuestInterface[]) =>
    findPrimaryAddress(order, nics)?.address === before?.address;
  if (before === null || isBefore(interfaces)) return interfaces;
  const holder = interfaces.find(({ name, ipv4Addresses, ipv6Addresses }) => {
    const isThere = ipv4Addresses.includes(before.address) || ipv6Addresses.includes(before.address);
    return isThere && name === before.guestInterface?.name;
  });
  if (holder === undefined) return interfaces;
  const holderFirst = [holder, ...interfaces.filter((each) => each !== holder)];
  return isBefore(holderFirst) ? holderFirst : interfaces;
}

/**
 * Returns the reported addresses, those that are stored first and in their order. Most kernels put a new IPv6 address before
 * the others: a temporary one each day, or a virtual router's for a while. What a guest has had before stays its first one.
 */
function keepOrder(stored: readonly string[], reported: readonly string[]): readonly string[] {
  const [before, now] = [new Set(stored), new Set(reported)];
  return [
    ...stored.filter((address) => now.has(address)),
    ...reported.filter((address) => !before.has(address)),
  ];
}

/** Does the same for addresses that are joined, of which IPv4 ones come first. */
function keepOrderOfIps(stored: string | null, reported: string): string {
  const kept = keepOrder(stored?.split(" ") ?? [], reported.split(" "));
  return [...kept.filter((ip) => !ip.includes(":")), ...kept.filter((ip) => ip.includes(":"))].join(" ");
}

function keepIfSame(stored: string | null, reported: string | null): string | null {
  return hasSameIps(stored, reported) ? stored : reported;
}
