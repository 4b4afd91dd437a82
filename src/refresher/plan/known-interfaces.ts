import { normalizeReportedMac } from "../../model/address/mac.js";
import type { GuestInterface } from "../../store/types.js";
import type { ReportedInterface } from "../../vdsm/records/interfaces.js";
import { toStorableText } from "./text.js";

/** By what an interface is told from the others of its guest. */
type InterfaceIdentity = Pick<GuestInterface, "name" | "macAddress">;

/** A guest's stored interfaces, which stay where something of the reported ones cannot be read. */
export class KnownInterfaces {
  private keys: Map<string, GuestInterface | null> | null = null;

  constructor(private readonly stored: readonly GuestInterface[]) {}

  /**
   * Finds the name and the MAC of a reported interface. If one of them cannot be read, it stays as it was, where the other one
   * tells whose it is.
   */
  identify({ name: reportedName, hw }: Pick<ReportedInterface, "name" | "hw">): InterfaceIdentity {
    const name = reportedName ? toStorableText(reportedName) : null;
    const macAddress = normalizeReportedMac(hw ?? null);
    if (reportedName === undefined && macAddress !== null) {
      return { name: this.findByKey(formatMacKey(macAddress))?.name ?? null, macAddress };
    }
    if (hw === undefined && name !== null) {
      return { name, macAddress: this.findByKey(formatNameKey(name))?.macAddress ?? null };
    }
    return { name, macAddress };
  }

  /** Finds the first stored interface with this name and MAC; `null` if there is none. */
  find(identity: InterfaceIdentity): GuestInterface | null {
    return this.findByKey(formatKey(identity));
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
