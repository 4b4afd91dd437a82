import { isWithoutGuest, VM_STATUS } from "../model/vm-status.js";
import type { StaleReason } from "../store/types.js";

/** What an engine's tables tell of how current a guest's interfaces are. */
export interface EngineGuest {
  readonly status: number;
  /** `vds_dynamic.status` of the host that runs the VM; `null`: none does. */
  readonly hostStatus: number | null;
  /** `vm_dynamic.guest_agent_nics_hash`: 0 while nothing is known of this run, 1 for an empty report. */
  readonly nicsHash: number;
  /** Whether the satellite has rows of the VM. */
  readonly hasInterfaces: boolean;
}

/**
 * Whether the VM's interfaces are known, and why they are not current. An engine resets the hash, but not the rows, when a
 * VM stops or restarts, and it asks only hosts of some states: rows alone say nothing about their age.
 */
export function findGuestState(guest: EngineGuest): {
  readonly interfacesKnown: boolean;
  readonly staleReason: StaleReason | null;
} {
  const { status, hostStatus, nicsHash, hasInterfaces } = guest;
  // A guest that does not run has no interfaces: that is known, and current. Rows that are left are never read.
  if (isWithoutGuest(status)) return { interfacesKnown: true, staleReason: null };
  const interfacesKnown = hasInterfaces || nicsHash !== 0;
  if (status === VM_STATUS.UNKNOWN) return { interfacesKnown, staleReason: "HOST_UNREACHABLE" };
  if (hostStatus !== null && !ASKED.has(hostStatus)) {
    const staleReason = hostStatus === HOST_INITIALIZING ? "HOST_RECOVERING" : "HOST_UNREACHABLE";
    return { interfacesKnown, staleReason };
  }
  if (nicsHash !== 0) return { interfacesKnown, staleReason: null };
  return { interfacesKnown, staleReason: hasInterfaces ? "AGENT_SILENT" : "AGENT_ABSENT" };
}

/** The states in which an engine asks a host for its VMs: Up, Error, PreparingForMaintenance, NonOperational. */
const ASKED: ReadonlySet<number> = new Set([3, 5, 9, 10]);
const HOST_INITIALIZING = 12;
