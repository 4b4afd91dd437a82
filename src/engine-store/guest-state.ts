import { isWithoutGuest, STATUSES_WITHOUT_GUEST, VM_STATUS } from "../model/guest/vm-status.js";
import type { StaleReason } from "../store/types.js";

/** What an engine's tables say about how current a guest's interfaces are. */
export interface EngineGuest {
  readonly status: number;
  /** `vds_dynamic.status` of the host that runs the VM; `null`: no host runs it. */
  readonly hostStatus: number | null;
  /** `vm_dynamic.guest_agent_nics_hash`: 0 while no report of this run of the VM has come, 1 for an empty report. */
  readonly nicsHash: number;
  /** Whether the satellite has rows of the VM. */
  readonly hasInterfaces: boolean;
}

/**
 * Tells whether the VM's interfaces are known, and why they are not current. An engine resets the hash, but not the
 * rows, when a VM stops or restarts, and it asks only hosts of some states: rows alone say nothing about their age.
 */
export function findGuestState(guest: EngineGuest): {
  readonly interfacesKnown: boolean;
  readonly staleReason: StaleReason | null;
} {
  const { status, hostStatus, nicsHash, hasInterfaces } = guest;
  // A guest that does not run has no interfaces: that is known, and current. Rows of its last run are not read.
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

/** The same stale reason in SQL, of a VM with its state `d` and its host's state `h`. */
export const STALE_REASON = `CASE
  WHEN d.status IN (${STATUSES_WITHOUT_GUEST.join(", ")}) THEN NULL
  WHEN d.status = ${VM_STATUS.UNKNOWN} THEN 'HOST_UNREACHABLE'
  WHEN h.status = ${HOST_INITIALIZING} THEN 'HOST_RECOVERING'
  WHEN h.status NOT IN (${[...ASKED].join(", ")}) THEN 'HOST_UNREACHABLE'
  WHEN d.guest_agent_nics_hash <> 0 THEN NULL
  WHEN EXISTS (SELECT FROM vm_guest_agent_interfaces g WHERE g.vm_id = s.vm_guid) THEN 'AGENT_SILENT'
  ELSE 'AGENT_ABSENT'
END`;
