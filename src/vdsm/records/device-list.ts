import { normalizeUuid } from "../../model/uuid.js";
import { isRecord, readScalar } from "./record.js";
import type { ReportedNic } from "./types.js";

/** Parses the vNICs of one record of `Host.getVMFullList`; `null` if the record has no device list, as since 4.4. */
export function parseDeviceList(record: Readonly<Record<string, unknown>>): readonly ReportedNic[] | null {
  const devices = record["devices"];
  if (!Array.isArray(devices)) return null;
  return devices
    .filter(isRecord)
    .filter((device) => device["type"] === "interface" || device["deviceType"] === "interface")
    .map((device) => ({
      id: parseAliasId(readScalar(device["alias"])) ?? normalizeUuid(device["deviceId"]),
      name: readScalar(device["name"]),
      macAddr: readScalar(device["macAddr"]),
      network: dropNoNetwork(readScalar(device["network"])),
      linkActive: isActive(device["linkActive"]),
    }));
}

/** Parses an engine's id of a device from the alias that the engine gave it. */
export function parseAliasId(alias: string | null): string | null {
  return alias?.startsWith("ua-") === true ? normalizeUuid(alias.slice(3)) : null;
}

/** Returns the network, or `null` for the name of the bridge on which VDSM puts a vNIC without a network. */
export function dropNoNetwork(network: string | null): string | null {
  return network === ";vdsmdummy;" ? null : network;
}

/** Tells whether the link is active: it is, unless it is reported as down. Old releases report it as text. */
function isActive(value: unknown): boolean {
  return readScalar(value)?.toLowerCase() !== "false" && value !== 0;
}
