import { guessDeviceKind, type DeviceKind } from "../../../src/model/guest/device-type.js";
import { DeviceCells } from "./nic-table.js";
import type { Device, NetworkTab } from "./match-nics.js";
import { TableHead } from "../shared/table-head.js";

/** Shows the interfaces that no vNIC has: those that the guest made itself by kind, folded. */
export function GuestOnly({
  tab: { probable, guestOnly },
  areKnown,
}: {
  readonly tab: NetworkTab;
  readonly areKnown: boolean;
}) {
  if (!areKnown || probable.length + guestOnly.length === 0) return null;
  const byKind = new Map<DeviceKind, Device[]>();
  for (const device of guestOnly) {
    const kind = guessDeviceKind(device.name);
    byKind.set(kind, [...(byKind.get(kind) ?? []), device]);
  }
  return (
    <div className="guest-only">
      {probable.length > 0 && <Devices title="Probably a virtual NIC, with another MAC" devices={probable} />}
      {[...byKind].map(([kind, members]) => (
        <Devices key={kind} title={`Made by the guest: ${KIND_NAMES[kind]}`} devices={members} />
      ))}
    </div>
  );
}

const KIND_NAMES: Readonly<Record<DeviceKind, string>> = {
  BRIDGE: "bridge",
  BOND: "bond",
  VLAN: "VLAN",
  CONTAINER: "container",
  VPN: "VPN",
  UNKNOWN: "other",
};

function Devices({ title, devices }: { readonly title: string; readonly devices: readonly Device[] }) {
  return (
    <details open={devices.length <= 3}>
      <summary>
        {title} ({devices.length})
      </summary>
      <div className="wide">
        <table className="nics">
          <TableHead titles={["MAC", "Name", "IPv4", "IPv6"]} />
          <tbody>
            {devices.map((device, at) => (
              <tr key={`${device.name ?? ""}-${at}`}>
                <td>{device.macAddress === null ? "–" : <code>{device.macAddress}</code>}</td>
                <DeviceCells device={device} />
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
