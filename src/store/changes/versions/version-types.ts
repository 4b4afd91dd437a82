import type { GuestInterface, GuestSilence, Nic } from "../../vm-types.js";

/** What a reader sees of one VM at one time. Leaves out what depends on the clock and on the state of the VM's host. */
export interface VmVersion {
  readonly id: string;
  readonly name: string;
  readonly status: number;
  /** The host whose reports count; `null`: none, the VM is down. */
  readonly hostId: string | null;
  /** `vm_dynamic.vm_ip`: addresses joined by blanks, or `null`. */
  readonly ips: string | null;
  readonly fqdn: string | null;
  readonly silence: GuestSilence | null;
  /** Says which part of the last report could not be read; `null`: all of it could. */
  readonly staleDetail: string | null;
  /** `true`: the host's last pass did not find the VM. */
  readonly isMissing: boolean;
  /** In the order in which readers get them. */
  readonly interfaces: readonly GuestInterface[];
  /** In the order in which readers get them; `null`: no host has reported them yet. */
  readonly nics: readonly VersionNic[] | null;
}

/** A vNIC as passes know it: a host lists only devices that are plugged in. */
export type VersionNic = Omit<Nic, "plugged" | "vmId">;
