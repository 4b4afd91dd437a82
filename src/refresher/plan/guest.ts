import type { GuestLimits } from "../../model/guest/guest-limits.js";
import { hasUnreadableInterfaces } from "../../vdsm/records/vm-stats.js";
import { ProblemList } from "../../vdsm/records/values.js";
import type { ReportedVm } from "../../vdsm/records/types.js";
import type { GuestInterface, GuestSilence, StoredVm } from "../../store/types.js";
import { diffInterfaces, formatInterfaceKey } from "./diff.js";
import { hasSameIps, joinIps, parseGuestIps } from "./guest-addresses.js";
import { toGuestInterfaces } from "./normalize.js";
import { formatProblems } from "./problems.js";
import { normalizeFqdn } from "./text.js";

/** What is held true of a guest after its owner's report. */
export interface GuestData {
  readonly interfaces: readonly GuestInterface[];
  readonly ips: string | null;
  readonly fqdn: string | null;
  readonly silence: GuestSilence | null;
  readonly staleDetail: string | null;
}

/**
 * Plans a guest's data by its owner's report. `known` is what is stored of this run of the VM, `null` if it has just
 * started: silence keeps what is known, but an earlier run's addresses are nobody's.
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
  const interfaces = keepStored(stored, normalized);
  const ips = joinIps(interfaces);
  return {
    interfaces,
    ips: interfaces === stored ? keepIfSame(known?.ips ?? null, ips) : ips,
    // An empty name is the guest's answer; an absent key is none.
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
    ips: guestIps === null ? knownIps : keepIfSame(knownIps, guestIps),
    fqdn: normalizeFqdn(reported.guestFQDN) ?? known?.fqdn ?? null,
    silence: findSilence(reported, known, guestIps),
    staleDetail: formatProblems(reported.problems),
  };
}

function findSilence(reported: ReportedVm, known: StoredVm | null, guestIps: string | null): GuestSilence {
  if (hasUnreadableInterfaces(reported)) return "invalid";
  if (hasReported(known)) return "silent";
  return guestIps === null ? "absent" : "ips-only";
}

/** Returns `true` if the guest has reported interfaces since its start, so that the stored ones are the latest. */
function hasReported(known: StoredVm | null): boolean {
  if (known === null) return false;
  if (known.silence === null || known.silence === "silent" || known.silence === "partial") return true;
  // An unreadable report hides which silence came before it: stored rows are then the only witness.
  return known.silence === "invalid" && known.interfaces.length > 0;
}

/**
 * Returns the stored interfaces if nothing but an order is reported otherwise. That is an accident of the agent and no
 * reason to write. Otherwise returns the reported ones in their order, each stored one that is equal as it is stored:
 * so the order of a VM's interfaces, of their addresses and of its list of addresses is always the same one.
 */
function keepStored(
  stored: readonly GuestInterface[],
  reported: readonly GuestInterface[],
): readonly GuestInterface[] {
  const { inserted, deleted, updated } = diffInterfaces(stored, reported);
  if (inserted.length + deleted.length + updated.length === 0) return stored;
  const storedByWhole = new Map(
    stored.map((guestInterface) => [formatInterfaceKey(guestInterface), guestInterface]),
  );
  return reported.map(
    (guestInterface) => storedByWhole.get(formatInterfaceKey(guestInterface)) ?? guestInterface,
  );
}

function keepIfSame(stored: string | null, reported: string | null): string | null {
  return hasSameIps(stored, reported) ? stored : reported;
}
