import { createHash } from "node:crypto";
import { type HostAddress, formatAddress } from "../config/setting-types.js";
import type { ConfiguredHost } from "../store/types.js";

/** A host as the store knows it; its id follows from its address, so that every replica and restart finds the same. */
export function configuredHost(address: HostAddress): ConfiguredHost {
  const name = formatAddress(address);
  return { id: nameBasedUuid(`vdsm://${name}`), name, host: address.host, port: address.port };
}

/** The id of a simulated host. */
export function demoHostId(name: string): string {
  return nameBasedUuid(`demo://${name}`);
}

/** A UUID of version 5 in a name space of our own. */
function nameBasedUuid(name: string): string {
  const digest = createHash("sha1").update(`vnic-graph:${name}`).digest();
  digest.writeUInt8(((digest[6] ?? 0) & 0x0f) | 0x50, 6);
  digest.writeUInt8(((digest[8] ?? 0) & 0x3f) | 0x80, 8);
  const hex = digest.toString("hex", 0, 16);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
