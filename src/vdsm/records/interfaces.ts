import { isAddressOf } from "../../model/address/ip.js";
import type { IpFamily } from "../../model/address/cidr.js";
import { normalizeReportedMac } from "../../model/address/mac.js";
import { isRecord } from "./record.js";
import {
  MAX_PROBLEMS,
  ProblemList,
  quoteText,
  readList,
  readName,
  readText,
  type RecordProblem,
} from "./values.js";

/** One entry of `netIfaces`, as the guest agent gave it. Only its types are checked; nothing is normalized. */
export interface ReportedInterface {
  /** `null`: it has none. `undefined`: it cannot be read, so the stored one stays. */
  readonly name: string | null | undefined;
  /** `null` and `undefined`: the same. */
  readonly hw: string | null | undefined;
  /** `null`: they cannot be read, so the stored ones stay. */
  readonly inet: readonly string[] | null;
  readonly inet6: readonly string[] | null;
  /** Its first fields that could not be read completely; usually none. They do not count if the interface is ignored. */
  readonly problems: readonly RecordProblem[];
}

/**
 * Parses a VM's `netIfaces`; `null` if the key is absent, or nothing in it can be read. Entries that are no objects are left
 * out.
 */
export function parseInterfaces(value: unknown, problems: ProblemList): ReportedInterface[] | null {
  if (value === undefined || value === null) return null;
  const entries = readList(value, "netIfaces", problems);
  if (entries === null) return null;
  const interfaces: ReportedInterface[] = [];
  let room = MOST_PROBLEMS;
  entries.forEach((entry, at) => {
    if (isRecord(entry)) {
      const parsed = parseInterface(entry, at, new ProblemList([], Math.min(room, MAX_PROBLEMS)));
      room -= parsed.problems.length;
      interfaces.push(parsed);
    } else problems.add(`netIfaces[${at}]`, "is no object");
  });
  return interfaces.length === 0 && entries.length > 0 ? null : interfaces;
}

/**
 * Names an interface in a problem: by its own name, if it has one. Positions change whenever interfaces of containers come or go,
 * and each new text is told again.
 */
function formatInterfaceField(name: unknown, at: number): string {
  if (typeof name !== "string" || name === "") return `netIfaces[${at}]`;
  // It is called for each interface, and nearly all names are plain.
  return `netIfaces[${PLAIN_NAME.test(name) ? `"${name}"` : quoteText(name)}]`;
}

const PLAIN_NAME = /^[\w.:-]{1,40}$/;

function parseInterface(
  entry: Readonly<Record<string, unknown>>,
  at: number,
  problems: ProblemList,
): ReportedInterface {
  const field = formatInterfaceField(entry["name"], at);
  return {
    name: readName(entry["name"], `name of ${field}`, problems) ?? keepAbsent(entry["name"]),
    hw: readHardwareAddress(entry["hw"], `hw of ${field}`, problems),
    inet: parseAddresses(entry["inet"], 4, `inet of ${field}`, problems),
    inet6: parseAddresses(entry["inet6"], 6, `inet6 of ${field}`, problems),
    problems: problems.list,
  };
}

/** Returns `null` for an absent value, and `undefined` for another one, which could not be read. */
function keepAbsent(value: unknown): null | undefined {
  return value === undefined || value === null ? null : undefined;
}

/** Reads a MAC as the guest wrote it. The octets of other hardware, such as a tunnel's four, are no MAC, but no problem either. */
function readHardwareAddress(
  value: unknown,
  field: string,
  problems: ProblemList,
): string | null | undefined {
  const text = readText(value, field, problems);
  if (text === null) return keepAbsent(value);
  const short = text.trim();
  if (short === "" || normalizeReportedMac(short) !== null || OCTETS.test(short)) return text;
  problems.add(field, `has ${quoteText(short)}, no MAC`);
  return undefined;
}

const OCTETS = /^[0-9a-f]{2}(?:[:-][0-9a-f]{2})+$/i;

/**
 * Parses a list of addresses of one family, as the guest wrote them. Texts that are no such address are left out, with
 * a problem; the empty text of old agents without one. `null` if there are only such texts: that is no empty list.
 */
function parseAddresses(
  value: unknown,
  family: IpFamily,
  field: string,
  problems: ProblemList,
): string[] | null {
  const entries = readList(value, field, problems);
  if (entries === null) return null;
  const addresses: string[] = [];
  let isEmpty = true;
  for (const entry of entries) {
    if (entry === null) continue;
    const text = typeof entry === "string" ? entry.trim() : null;
    if (text === "") continue;
    isEmpty = false;
    if (text === null) problems.add(field, "has an address that is no text");
    else if (text.length > MAX_ADDRESS) problems.add(field, "has an address that is too long");
    else if (!isAddressOf(family, text))
      problems.add(field, `has ${quoteText(text)}, no IPv${family} address`);
    else addresses.push(text);
  }
  return addresses.length === 0 && !isEmpty ? null : addresses;
}

/** The longest address with its zone. The address alone has 45 characters at most; the zone may be an adapter's name. */
const MAX_ADDRESS = 1_024;

/** The most problems of all interfaces together. Those of containers may be ignored, and what counts may come after them. */
const MOST_PROBLEMS = 10_000;
