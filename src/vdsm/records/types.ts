import type { ReportedInterface } from "./interfaces.js";
import type { RecordProblem } from "./values.js";

/**
 * The types of what a VDSM host reports. They are exact, because records are checked once when they arrive. Field names
 * are VDSM's.
 */

/** One VM of `Host.getAllVmStats`. A field is `null` if VDSM did not send it, or if it cannot be read: see `problems`. */
export interface ReportedVm {
  /** Lower-case UUID. */
  readonly vmId: string;
  readonly vmName: string | null;
  /** VDSM's status, such as `Up` or `Migration Destination`. */
  readonly status: string | null;
  /** Why the VM is paused, such as `EIO`. `POSTCOPY`: its guest already runs at the destination of a migration. */
  readonly pauseCode: string | null;
  /** Below 0 if libvirt or QEMU does not answer VDSM about this VM. */
  readonly monitorResponse: number | null;
  /** VDSM's hash of the VM's devices. It is opaque, and changes with every restart of vdsmd. */
  readonly hash: string | null;
  /** Only on `Down` records: why the VM ended (4: migrated away). */
  readonly exitReason: number | null;
  /** `null`: the key is absent (the guest is silent), or is no list. `[]`: the guest says that it has no interfaces. */
  readonly netIfaces: readonly ReportedInterface[] | null;
  /** Addresses joined by blanks, from old agents; `''` from qemu-ga. `null`: none can be read, or there are `netIfaces`. */
  readonly guestIPs: string | null;
  readonly guestFQDN: string | null;
  /** Fields that could not be read completely, but those of interfaces, which have them themselves; usually none. */
  readonly problems: readonly RecordProblem[];
}

/** A record without a valid VM id. It changes no VM's stored data. */
export interface RejectedVm {
  /** The VM's UUID, if the record has one in spite of its damage. */
  readonly vmId: string | null;
  readonly reason: string;
}

/** One answer of `Host.getAllVmStats`: every VM once, and the rejected records apart. */
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

/** The parts of `Host.getCapabilities` that we use. */
export interface HostCapabilities {
  readonly hostname: string | null;
  readonly softwareVersion: string | null;
}
