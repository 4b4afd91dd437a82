import { isRecord } from "./record.js";
import { readList, readText, UnreadableRecordError } from "./values.js";

/** One entry of `netIfaces`, as the guest agent gave it: nothing tidied, only the types made sure of. */
export interface ReportedInterface {
  readonly name: string | null;
  readonly hw: string | null;
  readonly inet: readonly string[];
  readonly inet6: readonly string[];
}

/** Checks a VM's `netIfaces`; `null` if the key is absent. An entry that cannot be read makes all of them unreadable. */
export function parseInterfaces(value: unknown): ReportedInterface[] | null {
  if (value === undefined || value === null) return null;
  return readList(value, "netIfaces", "entries", MAX_INTERFACES).map(parseInterface);
}

function parseInterface(entry: unknown): ReportedInterface {
  if (!isRecord(entry)) throw new UnreadableRecordError("netIfaces has an entry that is no object");
  return {
    name: readText(entry["name"], "name of an interface"),
    hw: readText(entry["hw"], "hw of an interface"),
    inet: parseAddresses(entry["inet"], "inet of an interface"),
    inet6: parseAddresses(entry["inet6"], "inet6 of an interface"),
  };
}

function parseAddresses(value: unknown, field: string): string[] {
  const addresses: string[] = [];
  for (const address of readList(value, field, "addresses", MAX_ADDRESSES)) {
    if (address === null) continue;
    if (typeof address !== "string")
      throw new UnreadableRecordError(`${field} has an address that is no text`);
    addresses.push(readText(address, `${field} has an address that`) ?? "");
  }
  return addresses;
}

/** A container host has hundreds, a large one a few thousand. */
const MAX_INTERFACES = 4_096;

/** Per family and interface; a cluster's service proxy puts thousands on one. */
const MAX_ADDRESSES = 4_096;
