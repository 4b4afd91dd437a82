import { isRecord, uuidOf } from "./record.js";
import type { RejectedVm, ReportedInterface, ReportedVm } from "./types.js";

/**
 * Checks one record of `Host.getAllVmStats` or `VM.getStats`. VDSM's schema is advisory: numbers may be text and text
 * numbers, keys may be missing or undeclared. What cannot be read, or is larger than any guest, rejects the VM whole.
 */
export function checkVm(record: unknown): ReportedVm | RejectedVm {
  if (!isRecord(record)) return { vmId: null, reason: "the record is no object" };
  const vmId = uuidOf(record["vmId"]);
  if (vmId === null) return { vmId: null, reason: "vmId is no UUID" };
  try {
    return {
      vmId,
      vmName: text(record["vmName"], "vmName"),
      status: statusOf(record["status"]),
      hash: text(record["hash"], "hash"),
      exitReason: integerOf(record["exitReason"]),
      netIfaces: interfacesOf(record["netIfaces"]),
      guestIPs: text(record["guestIPs"], "guestIPs", MAX_LIST_TEXT),
      guestFQDN: text(record["guestFQDN"], "guestFQDN"),
    };
  } catch (error) {
    if (error instanceof Unreadable) return { vmId, reason: error.message };
    throw error;
  }
}

/** Whether a checked record could not be read. */
export function isRejected(vm: ReportedVm | RejectedVm): vm is RejectedVm {
  return "reason" in vm;
}

class Unreadable extends Error {}

function statusOf(value: unknown): string {
  const status = text(value, "status");
  if (status === null || status === "") throw new Unreadable("status is missing");
  return status;
}

/** An exit reason only explains; so one that cannot be read is none. */
function integerOf(value: unknown): number | null {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) ? number : null;
}

function interfacesOf(value: unknown): ReportedInterface[] | null {
  if (value === undefined || value === null) return null;
  if (!Array.isArray(value)) throw new Unreadable("netIfaces is no list");
  if (value.length > MAX_INTERFACES) {
    throw new Unreadable(`netIfaces has ${value.length} entries, more than ${MAX_INTERFACES}`);
  }
  return value.map(interfaceOf);
}

function interfaceOf(entry: unknown): ReportedInterface {
  if (!isRecord(entry)) throw new Unreadable("netIfaces has an entry that is no object");
  return {
    name: text(entry["name"], "name of an interface"),
    hw: text(entry["hw"], "hw of an interface"),
    inet: addressesOf(entry["inet"], "inet"),
    inet6: addressesOf(entry["inet6"], "inet6"),
  };
}

function addressesOf(value: unknown, field: string): string[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new Unreadable(`${field} of an interface is no list`);
  if (value.length > MAX_ADDRESSES) {
    throw new Unreadable(
      `${field} of an interface has ${value.length} addresses, more than ${MAX_ADDRESSES}`,
    );
  }
  const addresses: string[] = [];
  for (const address of value as readonly unknown[]) {
    if (address === null) continue;
    if (typeof address !== "string")
      throw new Unreadable(`${field} of an interface has an address that is no text`);
    if (address.length > MAX_TEXT)
      throw tooLong(`${field} of an interface has an address that`, address, MAX_TEXT);
    addresses.push(address);
  }
  return addresses;
}

function text(value: unknown, field: string, longest = MAX_TEXT): string | null {
  if (typeof value === "string") {
    if (value.length > longest) throw tooLong(field, value, longest);
    return value;
  }
  if (value === undefined || value === null) return null;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw new Unreadable(`${field} is no text`);
}

function tooLong(what: string, value: string, longest: number): Unreadable {
  return new Unreadable(`${what} has ${value.length} characters, more than ${longest}`);
}

/** A container host has hundreds, a large one a few thousand. */
const MAX_INTERFACES = 4_096;

/** Per family and interface; a cluster's service proxy puts thousands on one. */
const MAX_ADDRESSES = 4_096;

const MAX_TEXT = 1_024;

/** `guestIPs` holds all addresses in one text. */
const MAX_LIST_TEXT = 65_536;
