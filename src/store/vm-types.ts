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
  /** The network's id, which only an engine knows. It is read but never written. */
  readonly networkId?: string | null;
  readonly linked: boolean;
  /** Whether the device is plugged in. Only an engine knows vNICs that are not. It is read but never written. */
  readonly plugged?: boolean | null;
}

/**
 * Why the stored guest data differ from what the guest has now. It is stored only while there is such a reason.
 * - `absent`: the agent has reported nothing since the VM started.
 * - `silent`: the agent used to report; its last data are kept.
 * - `ips-only`: an old agent reports only `guestIPs`, which are current.
 * - `invalid`: the interfaces in the report cannot be read; the last ones are kept.
 * - `partial`: the readable part of the interfaces is current.
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
  /**
   * A host that lost the VM to the owner while it still said Up. Its Up does not count until it has said something else.
   */
  readonly contenderId: string | null;
  /** `vm_dynamic.vm_ip`: addresses joined by blanks, or `null`. */
  readonly ips: string | null;
  readonly fqdn: string | null;
  /** VDSM's `hash` at the time the vNICs were last asked for; `null`: ask. */
  readonly inventoryHash: string | null;
  readonly silence: GuestSilence | null;
  /** Says which part of the last report cannot be read; `null`: all of it can. */
  readonly staleDetail: string | null;
  /** Successful passes in a row in which the owner did not report the VM. */
  readonly missedPasses: number;
  /** MACs of vNICs that the guest reports under an ignored name, joined by blanks; `null`: none. */
  readonly ignoredMacs: string | null;
  readonly interfaces: readonly GuestInterface[];
  readonly nics: readonly Nic[];
}

/** The state of a VM without its interfaces and vNICs. */
export type VmState = Omit<StoredVm, "interfaces" | "nics">;
