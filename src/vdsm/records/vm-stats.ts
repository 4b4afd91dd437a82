import { normalizeUuid } from "../../model/uuid.js";
import { parseInterfaces } from "./interfaces.js";
import { isRecord } from "./record.js";
import type { RejectedVm, ReportedVm } from "./types.js";
import { ProblemList, quoteText, readInteger, readName, readText, type RecordProblem } from "./values.js";

/**
 * Parses one record of `Host.getAllVmStats`. VDSM's schema is advisory: numbers may be text and text numbers, keys may be
 * missing or undeclared. A field that cannot be read is `null` and has an entry in `problems`; the others count all the
 * same. Only a record that does not say whose it is is rejected.
 */
export function parseVm(
  record: unknown,
  damage: string | null = null,
  found: readonly RecordProblem[] = [],
): ReportedVm | RejectedVm {
  if (!isRecord(record)) return { vmId: null, reason: "the record is no object" };
  const vmId = normalizeUuid(record["vmId"]);
  if (vmId === null) return { vmId: null, reason: damage ?? explainMissingId(record["vmName"]) };
  const problems = new ProblemList(found);
  if (damage !== null) problems.add("record", damage);
  return {
    vmId,
    vmName: readName(record["vmName"], "vmName", problems),
    status: readStatus(record["status"], problems),
    monitorResponse: readInteger(record["monitorResponse"]),
    hash: readText(record["hash"], "hash", problems),
    exitReason: readInteger(record["exitReason"]),
    netIfaces: parseInterfaces(record["netIfaces"], problems),
    guestIPs: readText(record["guestIPs"], "guestIPs", problems, MAX_LIST_TEXT),
    guestFQDN: readText(record["guestFQDN"], "guestFQDN", problems),
    problems: problems.list,
  };
}

/** Returns `true` if the record does not say whose it is. */
export function isRejected(vm: ReportedVm | RejectedVm): vm is RejectedVm {
  return "reason" in vm;
}

/** Returns `true` if the guest said something of its interfaces that cannot be read: then it is not silent. */
export function hasUnreadableInterfaces({ netIfaces, problems }: ReportedVm): boolean {
  return netIfaces === null && problems.some(({ field }) => field === "netIfaces" || field === "record");
}

/** Says of a record without an id what may lead to its VM. */
function explainMissingId(name: unknown): string {
  return typeof name === "string" ? `vmId is no UUID; vmName is ${quoteText(name)}` : "vmId is no UUID";
}

/** Reads the status in VDSM's own spelling. Case and blanks do not count, as for the engine. */
function readStatus(value: unknown, problems: ProblemList): string | null {
  const before = problems.list.length;
  const text = readText(value, "status", problems)?.trim() ?? "";
  const status = STATUS_OF_KEY.get(toStatusKey(text));
  if (status !== undefined) return status;
  if (text === "" && problems.list.length === before) problems.add("status", "is missing");
  if (text !== "") problems.add("status", `is ${quoteText(text)}, which is not known`);
  return text === "" ? null : text;
}

function toStatusKey(text: string): string {
  return text.replaceAll(" ", "").toLowerCase();
}

/** The words of VDSM for the states of a VM. */
const STATUS_OF_KEY: ReadonlyMap<string, string> = new Map(
  [
    "Up",
    "Down",
    "Paused",
    "Powering up",
    "Powering down",
    "RebootInProgress",
    "Migration Source",
    "Migration Destination",
    "Restoring state",
    "Saving State",
    "WaitForLaunch",
    "Unknown",
  ].map((word) => [toStatusKey(word), word]),
);

/** `guestIPs` holds all addresses in one text. */
const MAX_LIST_TEXT = 65_536;
