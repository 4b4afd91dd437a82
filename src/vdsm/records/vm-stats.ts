import { normalizeUuid } from "../../model/uuid.js";
import { parseInterfaces } from "./interfaces.js";
import { isRecord } from "./record.js";
import type { RejectedVm, ReportedVm } from "./types.js";
import { readInteger, readText, UnreadableRecordError } from "./values.js";

/**
 * Checks one record of `Host.getAllVmStats`. VDSM's schema is advisory: numbers may be text and text numbers, keys may
 * be missing or undeclared. What cannot be read, or is larger than any guest, rejects the VM whole.
 */
export function parseVm(record: unknown): ReportedVm | RejectedVm {
  if (!isRecord(record)) return { vmId: null, reason: "the record is no object" };
  const vmId = normalizeUuid(record["vmId"]);
  if (vmId === null) return { vmId: null, reason: "vmId is no UUID" };
  try {
    return {
      vmId,
      vmName: readText(record["vmName"], "vmName"),
      status: readStatus(record["status"]),
      hash: readText(record["hash"], "hash"),
      exitReason: readInteger(record["exitReason"]),
      netIfaces: parseInterfaces(record["netIfaces"]),
      guestIPs: readText(record["guestIPs"], "guestIPs", MAX_LIST_TEXT),
      guestFQDN: readText(record["guestFQDN"], "guestFQDN"),
    };
  } catch (error) {
    if (error instanceof UnreadableRecordError) return { vmId, reason: error.message };
    throw error;
  }
}

/** Whether a checked record could not be read. */
export function isRejected(vm: ReportedVm | RejectedVm): vm is RejectedVm {
  return "reason" in vm;
}

function readStatus(value: unknown): string {
  const status = readText(value, "status");
  if (status === null || status === "") throw new UnreadableRecordError("status is missing");
  return status;
}

/** `guestIPs` holds all addresses in one text. */
const MAX_LIST_TEXT = 65_536;
