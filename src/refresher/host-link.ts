import type { VdsmClient } from "../vdsm/vdsm-client.js";
import type { ConfiguredHost } from "../store/types.js";
import { HostMemory } from "./host-memory.js";
import { NewVmBudget } from "./new-vm-budget.js";
import { WorkBudget } from "./work-budget.js";

/** A host that this process polls, with its client and its memory between passes. */
export interface HostLink {
  readonly host: ConfiguredHost;
  readonly vdsm: VdsmClient;
  readonly memory: HostMemory;
  /** How much time of this process its answers may take. */
  readonly budget: WorkBudget;
  /** How many VMs that nobody knew it may add. */
  readonly newVms: NewVmBudget;
}

/**
 * Creates the link to a host, with an empty memory. An earlier link to the same host hands its credit for new VMs on, so that
 * no host gets it anew by being polled elsewhere for a while.
 */
export function createHostLink(
  host: ConfiguredHost,
  vdsm: VdsmClient,
  now = () => performance.now(),
  newVms = new NewVmBudget(now),
): HostLink {
  return { host, vdsm, memory: new HostMemory(), budget: new WorkBudget(now), newVms };
}
