import type { VmGuestAgentInterface } from "./tables/vm-guest-agent-interface.js";

/** What is stored of a VM, as passes compare it. Plain data only. */

/** A row of `vm_guest_agent_interfaces`: normalized addresses, in reported order. Its entity lists the fields. */
export type GuestInterface = Readonly<VmGuestAgentInterface>;

/** A row of `vm_interface` with its network's name. */
export interface Nic {
  readonly id: string;
  readonly vmId: string;
  readonly name: string;
  readonly macAddress: string | null;
  readonly network: string | null;
  /** The network's id, which an engine alone knows. As read; nobody writes it. */
  readonly networkId?: string | null;
  readonly linked: boolean;
  /** Whether the VM has the device at all; an engine alone knows vNICs that are not plugged in. As read; nobody writes it. */
  readonly plugged?: boolean | null;
}

/**
 * Why a VM's guest data is not what its guest says now; stored only while it is so.
 * `absent`: nothing known since the VM started. `silent`: it used to report, rows are kept.
 * `ips-only`: an old agent that reports `guestIPs` alone, which is current. `invalid`: unreadable interfaces, rows kept.
 * `partial`: the interfaces are current as far as the report can be read.
 */
export type GuestSilence = "absent" | "silent" | "ips-only" | "invalid" | "partial";

/** All that is stored of one VM, as the compare step needs it. */
export interface StoredVm {
  readonly id: string;
  readonly name: string;
  readonly status: number;
  /** `vm_dynamic.run_on_vds`: the one host whose reports count. */
  readonly ownerId: string | null;
  /** `vm_dynamic.migrating_to_vds`: a host that reports the VM without owning it yet. */
  readonly incomingId: string | null;
  /** A host that lost the VM to the owner while still saying Up. Its Up does not count until it says otherwise. */
  readonly contenderId: string | null;
  /** `vm_dynamic.vm_ip`: addresses joined by blanks, or `null`. */
  readonly ips: string | null;
  readonly fqdn: string | null;
  /** VDSM's `hash` at the time the vNICs were last asked for; `null`: ask. */
  readonly inventoryHash: string | null;
  readonly silence: GuestSilence | null;
  /** What of the last report cannot be read, in words; `null`: all of it can. */
  readonly staleDetail: string | null;
  /** Successful passes in a row in which the owner did not report the VM. */
  readonly missedPasses: number;
  /** MACs of vNICs that the guest shows under a name that is left out, joined by blanks; `null`: none. */
  readonly ignoredMacs: string | null;
  readonly interfaces: readonly GuestInterface[];
  readonly nics: readonly Nic[];
}

/** The new 1:1 state of a VM (everything but its interfaces and vNICs). */
export type VmState = Omit<StoredVm, "interfaces" | "nics">;
