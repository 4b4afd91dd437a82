import { scanAtOnce } from "../../src/vdsm/scan/scan.js";
import { joinIps } from "../../src/refresher/plan/guest-addresses.js";
import { DEFAULT_IGNORED_NAMES } from "../../src/model/guest/name-patterns.js";
import { toGuestInterfaces } from "../../src/refresher/plan/normalize.js";
import type { GuestInterface } from "../../src/store/types.js";

/** What the tables shall have for the changed VMs. It is the same for every way of writing. */
export interface Target {
  readonly vms: readonly TargetVm[];
  /** All interfaces of these VMs. */
  readonly interfaces: readonly GuestInterface[];
  /** The interfaces whose addresses changed. */
  readonly changed: readonly GuestInterface[];
}

/** One VM that changed, with all that its guest reports. */
export interface TargetVm {
  readonly id: string;
  readonly ips: string | null;
  readonly interfaces: readonly GuestInterface[];
}

/** Creates the target from an answer. VMs with an address for which `isNew` is true have changed. */
export function findTarget(body: Buffer, isNew: (address: string) => boolean): Target {
  const vms: TargetVm[] = [];
  const interfaces: GuestInterface[] = [];
  const changed: GuestInterface[] = [];
  for (const vm of scanAtOnce(body, null).vms) {
    const devices = toGuestInterfaces(vm.vmId, vm.netIfaces ?? [], IGNORE);
    const others = devices.filter((device) => device.ipv4Addresses.some(isNew));
    if (others.length === 0) continue;
    vms.push({ id: vm.vmId, ips: joinIps(devices), interfaces: devices });
    interfaces.push(...devices);
    changed.push(...others);
  }
  return { vms, interfaces, changed };
}

const IGNORE = DEFAULT_IGNORED_NAMES;
