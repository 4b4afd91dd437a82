import type { ReportedVm } from "../../vdsm/records/types.js";
import type { GuestInterface, GuestSilence, StoredVm } from "../../store/types.js";
import { parseGuestIps, hasSameIps, joinIps } from "./guest-addresses.js";
import { normalizeFqdn } from "./text.js";
import { toGuestInterfaces } from "./normalize.js";

/** What is held true of a guest after its owner's report. */
export interface GuestData {
  readonly interfaces: readonly GuestInterface[];
  readonly ips: string | null;
  readonly fqdn: string | null;
  readonly silence: GuestSilence | null;
}

/**
 * The guest's data by its owner's report. `known` is what is stored of this run of the VM, `null` if it has just
 * started: silence keeps what is known, but an earlier run's addresses are nobody's.
 */
export function planGuest(
  reported: ReportedVm,
  known: StoredVm | null,
  ignoreNames: readonly RegExp[],
): GuestData {
  if (reported.netIfaces === null) return planSilentGuest(reported, known);
  const interfaces = toGuestInterfaces(reported.vmId, reported.netIfaces, ignoreNames);
  return {
    interfaces,
    ips: keepIfSame(known?.ips ?? null, joinIps(interfaces)),
    // An empty name is the guest's answer; an absent key is none.
    fqdn: reported.guestFQDN === null ? (known?.fqdn ?? null) : normalizeFqdn(reported.guestFQDN),
    silence: null,
  };
}

function planSilentGuest(reported: ReportedVm, known: StoredVm | null): GuestData {
  const guestIps = parseGuestIps(reported.guestIPs);
  const knownIps = known?.ips ?? null;
  return {
    interfaces: known?.interfaces ?? [],
    ips: guestIps === null ? knownIps : keepIfSame(knownIps, guestIps),
    fqdn: normalizeFqdn(reported.guestFQDN) ?? known?.fqdn ?? null,
    silence: hasReported(known) ? "silent" : guestIps === null ? "absent" : "ips-only",
  };
}

/** `true` if the guest told its interfaces before in this run, so that the stored ones are its last word. */
function hasReported(known: StoredVm | null): boolean {
  if (known === null) return false;
  if (known.silence === null || known.silence === "silent") return true;
  // An unreadable report hides which silence came before it: stored rows are then the only witness.
  return known.silence === "invalid" && known.interfaces.length > 0;
}

/** The order of addresses is an accident of the agent, and no reason to write. */
function keepIfSame(stored: string | null, reported: string | null): string | null {
  return hasSameIps(stored, reported) ? stored : reported;
}
