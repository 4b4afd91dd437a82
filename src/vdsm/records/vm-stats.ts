import { normalizeUuid } from "../../model/uuid.js";
import { readGuestIps } from "./guest-ips.js";
import { parseInterfaces } from "./interfaces.js";
import { isRecord, readScalar } from "./record.js";
import type { RejectedVm, ReportedVm } from "./types.js";
import { VM_NAME_LENGTH } from "../../model/guest/guest-limits.js";
import { ProblemList, quoteText, readInteger, readName, readText, type RecordProblem } from "./values.js";

/**
 * Parses one record of `Host.getAllVmStats`. VDSM does not keep to its schema: a number may come as text and a text as
 * number, keys may be missing or undeclared. A field that cannot be read becomes `null` with an entry in `problems`,
 * and the other fields are used. Only a record without a valid VM id is rejected. `damage` is what is said of the record
 * as a whole, such as `is no object`.
 */
export function parseVm(
  record: unknown,
  damage: string | null = null,
  found: readonly RecordProblem[] = [],
): ReportedVm | RejectedVm {
  if (!isRecord(record)) return { vmId: null, reason: "the record is no object" };
  const vmId = normalizeUuid(record["vmId"]);
  if (vmId === null)
    return {
      vmId: null,
      reason: damage === null ? explainMissingId(record["vmName"]) : `the record ${damage}`,
    };
  const problems = new ProblemList(found);
  if (damage !== null) problems.add("record", damage);
  const netIfaces = parseInterfaces(record["netIfaces"], problems);
  return {
    vmId,
    vmName: readName(record["vmName"], "vmName", problems, VM_NAME_LENGTH),
    status: readStatus(record["status"], problems),
    pauseCode: readScalar(record["pauseCode"]),
    monitorResponse: readInteger(record["monitorResponse"]),
    hash: readText(record["hash"], "hash", problems),
    exitReason: readInteger(record["exitReason"]),
    netIfaces,
    // Beside interfaces it does not count, so nothing in it is wrong.
    guestIPs: netIfaces === null ? readGuestIps(record["guestIPs"], problems) : null,
    guestFQDN: readText(record["guestFQDN"], "guestFQDN", problems),
    problems: problems.list,
  };
}

/** Tells whether the record was rejected, because it has no valid VM id. */
export function isRejected(vm: ReportedVm | RejectedVm): vm is RejectedVm {
  return "reason" in vm;
}

/** Tells whether the guest reported interfaces, or addresses without interfaces, that cannot be read. Such a guest is not silent. */
export function hasUnreadableGuest({ netIfaces, guestIPs, problems }: ReportedVm): boolean {
  // Of `guestIPs` some addresses may have been read.
  const isUnread = (field: string) => (field === "guestIPs" ? guestIPs === null : GUEST_FIELD.test(field));
  return netIfaces === null && problems.some(({ field }) => isUnread(field));
}

const GUEST_FIELD = /^(?:netIfaces(?:\[\d+\])?|record)$/;

/** Explains why a record without an id was rejected, with the name that may identify its VM. */
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

/** VDSM's names for the states of a VM. */
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
