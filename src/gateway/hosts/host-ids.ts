import { type HostAddress, formatHostAddress } from "../../model/connections/host-address.js";
import { deriveUuid } from "../../model/uuid.js";
import type { ConfiguredHost } from "../../store/types.js";

/**
 * Creates a host for the store. Its id is derived from its address, so that every replica gets the same, also after a
 * restart.
 */
export function createConfiguredHost(address: HostAddress): ConfiguredHost {
  const name = formatHostAddress(address);
  return { id: deriveUuid(`vnic-graph:vdsm://${name}`), name, host: address.host, port: address.port };
}

/** Derives the id of a simulated host. */
export function deriveDemoHostId(name: string): string {
  return deriveUuid(`vnic-graph:demo://${name}`);
}
