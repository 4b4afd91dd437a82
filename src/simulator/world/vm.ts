/** An entry of `netIfaces` on the wire, with any other values that an agent sends. */
export interface WireInterface {
  readonly name: string | null;
  readonly hw: string | null;
  readonly inet: readonly string[];
  readonly inet6: readonly string[];
}

/** A virtual NIC as the hypervisor has it. */
export interface SimulatedNic {
  /** The engine's id, which libvirt has in the `ua-…` alias. */
  readonly id: string;
  /** The id that VDSM up to 4.3 also reports. It differs from `id`. */
  readonly deviceId: string;
  readonly mac: string;
  readonly network: string;
  /** `hostdev`: a virtual function that the guest uses directly (SR-IOV). It has no `vnetN` on the host. */
  readonly device: "bridge" | "hostdev";
  readonly model: "virtio" | "e1000e" | "rtl8139";
  readonly linkActive: boolean;
}

/** VDSM's names of a VM's states. */
export type VmStatus =
  | "Up"
  | "Down"
  | "Paused"
  | "Powering up"
  | "Powering down"
  | "RebootInProgress"
  | "Migration Source"
  | "Migration Destination"
  | "Restoring state"
  | "Saving State"
  | "WaitForLaunch";

/** Why a VM is down. */
export interface Exit {
  readonly code: number;
  readonly reason: number;
  readonly message: string;
}

/** One host's view of a VM; a VM has two of them while it migrates. */
export interface Presence {
  readonly host: string;
  readonly status: VmStatus;
  readonly exit: Exit | null;
  /** `true` for the source of a post-copy migration, which knows nothing of the guest any more. */
  readonly postCopy: boolean;
  /** The tick at which this status began. */
  readonly since: number;
}

/** The guest agent of a VM: `none` and `silent` leave the key `netIfaces` out. */
export type AgentState = "running" | "starting" | "silent" | "none";

/** A VM of the world. Change it only through the world. */
export interface SimulatedVm {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly os: "linux" | "windows";
  /** `true`: `tick` never stops, silences or moves it; only its addresses change. */
  readonly pinned: boolean;
  presences: readonly Presence[];
  nics: readonly SimulatedNic[];
  agent: AgentState;
  /** `null`: the guest has no list to report, so the key is absent even while the agent runs. */
  netIfaces: readonly WireInterface[] | null;
  /** `null`: the key is absent. */
  guestIPs: string | null;
  fqdn: string | null;
  /** Overwrites keys of the stats record, for payloads that no real guest sends; `undefined` removes a key. */
  raw: Readonly<Record<string, unknown>>;
}
