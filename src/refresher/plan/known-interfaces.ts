import { normalizeReportedMac } from "../../model/address/mac.js";
import type { GuestInterface } from "../../store/types.js";
import type { ReportedInterface } from "../../vdsm/records/interfaces.js";
import { toStorableText } from "./text.js";

/** By what an interface is told from the others of its guest. */
type InterfaceIdentity = Pick<GuestInterface, "name" | "macAddress">;

/** What tells a reported interface from the others; see {@link ReportedInterface}. */
type ReportedIdentity = Pick<ReportedInterface, "name" | "hw">;

/** A guest's stored interfaces, which stay where something of the reported ones cannot be read. */
export class KnownInterfaces {
  private keys: Map<string, GuestInterface | null> | null = null;
  private counts: Map<string, number> | null = null;

  constructor(
    private readonly stored: readonly GuestInterface[],
    private readonly reported: readonly ReportedIdentity[],
  ) {}

  /**
   * Finds the name and the MAC of one of the reported interfaces. If one of them cannot be read, it stays as it was, where the
   * other one tells whose it is, and no other interface has been reported with either of them, but for those that had this MAC
   * before, such as VLANs.
   */
  identify(reported: ReportedIdentity): InterfaceIdentity {
    const identity = readIdentity(reported);
    const { name, macAddress } = identity;
    if (reported.name === undefined && macAddress !== null) {
      const kept = this.findByOnly(formatMacKey(macAddress))?.name ?? null;
      if (kept !== null && this.count(formatNameKey(kept)) === 0) return { name: kept, macAddress };
    } else if (reported.hw === undefined && name !== null) {
      const kept = this.findByOnly(formatNameKey(name))?.macAddress ?? null;
      if (kept !== null && this.count(formatNewMacKey(kept)) === 0) return { name, macAddress: kept };
    }
    return identity;
  }

  /** Finds the first stored interface with this name and MAC; `null` if there is none. */
  find(identity: InterfaceIdentity): GuestInterface | null {
    return this.findByKey(formatKey(identity));
  }

  /** Finds the stored interface with a name or a MAC that one reported interface alone has. */
  private findByOnly(key: string): GuestInterface | null {
    return this.count(key) === 1 ? this.findByKey(key) : null;
  }

  /** Counts the reported interfaces with a name or a MAC. */
  private count(key: string): number {
    this.counts ??= this.collectCounts();
    return this.counts.get(key) ?? 0;
  }

  /** Counts the names and MACs that are reported, as {@link collectKeys} only when it is needed. */
  private collectCounts(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const each of this.reported) {
      const { name, macAddress } = readIdentity(each);
      if (name !== null) addOne(counts, formatNameKey(name));
      if (macAddress === null) continue;
      addOne(counts, formatMacKey(macAddress));
      if (this.find({ name, macAddress }) === null) addOne(counts, formatNewMacKey(macAddress));
    }
    return counts;
  }

  private findByKey(key: string): GuestInterface | null {
    this.keys ??= this.collectKeys();
    return this.keys.get(key) ?? null;
  }

  /**
   * Collects the interfaces by their keys; a name or a MAC that several have leads to `null`. It is done only when it is needed,
   * since nearly all guests report what can be read.
   */
  private collectKeys(): Map<string, GuestInterface | null> {
    const keys = new Map<string, GuestInterface | null>();
    for (const each of this.stored) {
      const { name, macAddress } = each;
      const key = formatKey(each);
      if (!keys.has(key)) keys.set(key, each);
      if (name !== null) addOnly(keys, formatNameKey(name), each);
      if (macAddress !== null) addOnly(keys, formatMacKey(macAddress), each);
    }
    return keys;
  }
}

/** Reads what can be read of the name and the MAC; the other one is `null`. */
function readIdentity({ name, hw }: ReportedIdentity): InterfaceIdentity {
  return { name: name ? toStorableText(name) : null, macAddress: normalizeReportedMac(hw ?? null) };
}

function addOne(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function addOnly(
  keys: Map<string, GuestInterface | null>,
  key: string,
  guestInterface: GuestInterface,
): void {
  keys.set(key, keys.has(key) ? null : guestInterface);
}

function formatKey({ name, macAddress }: InterfaceIdentity): string {
  return `both ${macAddress ?? "-"} ${name ?? ""}`;
}

function formatNameKey(name: string): string {
  return `name ${name}`;
}

function formatMacKey(macAddress: string): string {
  return `mac ${macAddress}`;
}

/** The key of a MAC by which an interface is reported that did not have it before. */
function formatNewMacKey(mac: string): string {
  return `new mac ${mac}`;
}
