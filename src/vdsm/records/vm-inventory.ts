import { normalizeUuid } from "../../model/uuid.js";
import { parseDeviceList } from "./device-list.js";
import { parseDomainXml } from "./domain-xml.js";
import { ConnectionFailureError } from "../wire/connection-failure.js";
import { isRecord, readScalar } from "./record.js";
import type { HostCapabilities, ReportedNic } from "./types.js";

/** Parses the result of `Host.dumpxmls`: vNICs by VM. A domain that cannot be read is left out, and the others are kept. */
export function parseDomains(result: unknown): Map<string, readonly ReportedNic[]> {
  if (!isRecord(result)) throw new ConnectionFailureError("protocol", "the answer is no map of VMs");
  const found = new Map<string, readonly ReportedNic[]>();
  for (const [key, xml] of Object.entries(result)) {
    const vmId = normalizeUuid(key);
    const nics = typeof xml === "string" ? parseDomainXml(xml) : null;
    if (vmId !== null && nics !== null && nics.length <= MOST_NICS) found.set(vmId, nics.map(copyTexts));
  }
  return found;
}

/** Parses the result of `Host.getVMFullList`: vNICs by VM. Records without devices are left out. */
export function parseDeviceLists(result: unknown): Map<string, readonly ReportedNic[]> {
  const found = new Map<string, readonly ReportedNic[]>();
  if (!Array.isArray(result)) throw new ConnectionFailureError("protocol", "the answer is no list");
  for (const record of result as readonly unknown[]) {
    if (!isRecord(record)) continue;
    const vmId = normalizeUuid(record["vmId"]);
    const nics = parseDeviceList(record);
    if (vmId === null || nics === null || nics.length > MOST_NICS || found.has(vmId)) continue;
    found.set(vmId, nics.map(copyTexts));
  }
  return found;
}

/**
 * Copies the texts of a vNIC, and cuts them. V8 keeps a text alive as long as a part of it. So all domains of a host would
 * stay in memory until the end of its pass.
 */
function copyTexts({ id, name, macAddr, network, linkActive }: ReportedNic): ReportedNic {
  return {
    id: copyText(id),
    name: copyText(name),
    macAddr: copyText(macAddr),
    network: copyText(network),
    linkActive,
  };
}

function copyText(text: string | null): string | null {
  return text === null ? null : (JSON.parse(JSON.stringify(text.slice(0, LONGEST_TEXT))) as string);
}

/** Longer than anything that is stored of a vNIC, and than a host's name. */
const LONGEST_TEXT = 512;

/** The most vNICs of a VM. QEMU has room for less than a tenth of them. */
export const MOST_NICS = 512;

/** Parses the result of `Host.getCapabilities`, as far as it is used. */
export function parseCapabilities(result: unknown): HostCapabilities {
  if (!isRecord(result)) throw new ConnectionFailureError("protocol", "the answer is no object");
  return {
    hostname: readScalar(result["hostname"])?.slice(0, LONGEST_TEXT) ?? null,
    softwareVersion: readScalar(result["software_version"])?.slice(0, LONGEST_TEXT) ?? null,
  };
}
