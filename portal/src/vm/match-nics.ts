import type { ResultOf } from "../api/graphql.js";
import type { DeviceFields, VmQuery } from "../api/queries.js";

/** A guest interface as the page of a VM shows it. */
export type Device = ResultOf<typeof DeviceFields>;

type Vm = NonNullable<ResultOf<typeof VmQuery>["vm"]>;
type Nic = NonNullable<Vm["nics"]>[number];

/** The parts of a VM that are matched, as now or as at another time. */
export type MatchedVm = Pick<Vm, "nics"> & {
  readonly guestInfo: Pick<NonNullable<Vm["guestInfo"]>, "networkDevices"> | null;
};

/** A vNIC beside the guest interfaces that share its MAC. */
export interface NicRow {
  readonly nic: Nic;
  /** `null`: the guest's interfaces are not known. */
  readonly devices: readonly Device[] | null;
}

/** What the tab of a VM shows. */
export interface NetworkTab {
  readonly rows: readonly NicRow[];
  /** Interfaces that are probably a vNIC under another MAC. */
  readonly probable: readonly Device[];
  /** Interfaces that the guest made itself: no vNIC has their MAC. */
  readonly guestOnly: readonly Device[];
}

/** Puts each guest interface beside its vNIC. The server has matched them by MAC. */
export function matchNics(vm: MatchedVm): NetworkTab {
  const devices = vm.guestInfo?.networkDevices ?? null;
  const rows = (vm.nics ?? []).map((nic) => ({
    nic,
    devices: devices === null ? null : devices.filter((device) => device.vmNic?.id === nic.id),
  }));
  const withoutNic = (devices ?? []).filter((device) => device.vmNic === null);
  const isProbable = ({ name, macAddress }: Device) =>
    rows.some(
      ({ nic: { probableInterface: probable } }) =>
        probable?.name === name && probable.macAddress === macAddress,
    );
  return {
    rows,
    probable: withoutNic.filter(isProbable),
    guestOnly: withoutNic.filter((device) => !isProbable(device)),
  };
}
