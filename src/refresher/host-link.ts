import type { VdsmClient } from "../vdsm/vdsm-client.js";
import type { ConfiguredHost } from "../store/types.js";
import { HostMemory } from "./host-memory.js";

/** A host that this process polls: the client that asks it, and what is remembered of it between passes. */
export interface HostLink {
  readonly host: ConfiguredHost;
  readonly vdsm: VdsmClient;
  readonly memory: HostMemory;
}

/** Makes the link to a host of which nothing is remembered yet. */
export function createHostLink(host: ConfiguredHost, vdsm: VdsmClient): HostLink {
  return { host, vdsm, memory: new HostMemory() };
}
