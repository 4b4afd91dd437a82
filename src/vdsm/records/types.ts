import type { ReportedInterface } from "./interfaces.js";
import type { RecordProblem } from "./values.js";

/** What one VDSM host reports, checked once at the wire and exact from there on. Field names follow VDSM's. */

/** One VM of `Host.getAllVmStats`. A field that VDSM did not send is `null`; so is one that cannot be read, see `problems`. */
export interface ReportedVm {
  /** Lower-case UUID. */
  readonly vmId: string;
  readonly vmName: string | null;
  /** VDSM's status, such as `Up` or `Migration Destination`. */
  readonly status: string | null;
  /** Below 0: libvirt or QEMU does not answer VDSM about this VM. */
  readonly monitorResponse: number | null;
  /** VDSM's hash of the VM's devices; opaque, and another one after every restart of vdsmd. */
  readonly hash: string | null;
  /** Only on `Down` records: why the VM ended (4: migrated away). */
  readonly exitReason: number | null;
  /** `null`: the key was absent, the guest is silent; or no list. `[]`: the guest says it has none. */
  readonly netIfaces: readonly ReportedInterface[] | null;
  /** Addresses joined by blanks, from old agents; `''` from qemu-ga. */
  readonly guestIPs: string | null;
  readonly guestFQDN: string | null;
  /** Fields that could not be read, or not whole; usually none. */
  readonly problems: readonly RecordProblem[];
}

/** A record that does not say whose it is. No VM's stored data changes for it. */
export interface RejectedVm {
  /** The UUID, where a record of this kind still has one. */
  readonly vmId: string | null;
  readonly reason: string;
}

/** One answer of `Host.getAllVmStats`: every VM once, the unreadable ones apart. */
export interface HostReport {
  readonly vms: readonly ReportedVm[];
  readonly rejected: readonly RejectedVm[];
}

/** A virtual NIC as the hypervisor knows it, from a libvirt domain XML or from an old device list. */
export interface ReportedNic {
  /** The engine's id of the vNIC (from its `ua-…` alias, else `deviceId`), lower-case UUID, or `null`. */
  readonly id: string | null;
  /** The device's name on the host, such as `vnet0`, or `null` (SR-IOV). */
  readonly name: string | null;
  /** As reported, not normalized. */
  readonly macAddr: string | null;
  readonly network: string | null;
  readonly linkActive: boolean;
}

/** What `Host.getCapabilities` tells that we use. */
export interface HostCapabilities {
  readonly hostname: string | null;
  readonly softwareVersion: string | null;
}
