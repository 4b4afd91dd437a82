import type { VdsmClient } from "../vdsm/vdsm-client.js";
import type { ConfiguredHost } from "../store/types.js";
import { HostMemory } from "./host-memory.js";

/** A host that this process polls: its client, and what is kept of it between passes. */
export interface HostLink {
  readonly host: ConfiguredHost;
  readonly vdsm: VdsmClient;
  readonly memory: HostMemory;
}

/** Makes the link to a host, with an empty memory. */
export function createHostLink(host: ConfiguredHost, vdsm: VdsmClient): HostLink {
  return { host, vdsm, memory: new HostMemory() };
}
