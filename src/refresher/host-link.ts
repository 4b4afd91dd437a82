import type { VdsmClient } from "../vdsm/vdsm-client.js";
import type { ConfiguredHost } from "../store/types.js";
import { HostMemory } from "./host-memory.js";
import { WorkBudget } from "./work-budget.js";

/** A host that this process polls, with its client and its memory between passes. */
export interface HostLink {
  readonly host: ConfiguredHost;
  readonly vdsm: VdsmClient;
  readonly memory: HostMemory;
  /** How much time of this process its answers may take. */
  readonly budget: WorkBudget;
}

/** Creates the link to a host, with an empty memory. */
export function createHostLink(
  host: ConfiguredHost,
  vdsm: VdsmClient,
  now = () => performance.now(),
): HostLink {
  return { host, vdsm, memory: new HostMemory(now), budget: new WorkBudget(now) };
}
