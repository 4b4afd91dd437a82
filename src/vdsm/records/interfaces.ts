import { isRecord } from "./record.js";
import { readList, readName, readText, type ProblemList } from "./values.js";

/** One entry of `netIfaces`, as the guest agent gave it: nothing normalized, only the types made sure of. */
export interface ReportedInterface {
  readonly name: string | null;
  readonly hw: string | null;
  /** `null`: they cannot be read, and those that are known stay. */
  readonly inet: readonly string[] | null;
  readonly inet6: readonly string[] | null;
}

/** Parses a VM's `netIfaces`. Returns `null` if the key is absent or no list; an entry that is no object is left out. */
export function parseInterfaces(value: unknown, problems: ProblemList): ReportedInterface[] | null {
  if (value === undefined || value === null) return null;
  const entries = readList(value, "netIfaces", problems);
  if (entries === null) return null;
  const interfaces: ReportedInterface[] = [];
  entries.forEach((entry, at) => {
    const field = `netIfaces[${at}]`;
    if (isRecord(entry)) interfaces.push(parseInterface(entry, field, problems));
    else problems.add(field, "is no object");
  });
  return interfaces;
}

function parseInterface(
  entry: Readonly<Record<string, unknown>>,
  field: string,
  problems: ProblemList,
): ReportedInterface {
  return {
    name: readName(entry["name"], `name of ${field}`, problems),
    hw: readText(entry["hw"], `hw of ${field}`, problems),
    inet: parseAddresses(entry["inet"], `inet of ${field}`, problems),
    inet6: parseAddresses(entry["inet6"], `inet6 of ${field}`, problems),
  };
}

/** Parses a list of addresses. An address that is no text is left out. */
function parseAddresses(value: unknown, field: string, problems: ProblemList): string[] | null {
  const entries = readList(value, field, problems);
  if (entries === null) return null;
  const addresses: string[] = [];
  for (const address of entries) {
    if (address === null) continue;
    if (typeof address === "string" && address.length <= MAX_ADDRESS) addresses.push(address);
    else
      problems.add(
        field,
        typeof address === "string" ? "has an address that is too long" : "has an address that is no text",
      );
  }
  return addresses;
}

/** An IPv6 address has 45 characters at most; the rest is for its zone, which may be an adapter's name. */
const MAX_ADDRESS = 1_024;
