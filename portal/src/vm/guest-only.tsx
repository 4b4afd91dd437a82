import { DeviceCells } from "./nic-table.js";
import { guessKind, type Device, type GuestOnlyKind } from "./match-nics.js";
import { TableHead } from "../shared/table-head.js";

/** Shows the interfaces that the guest made itself, by kind, folded. */
export function GuestOnly({
  devices,
  areKnown,
}: {
  readonly devices: readonly Device[];
  readonly areKnown: boolean;
}) {
  if (!areKnown || devices.length === 0) return null;
  const byKind = new Map<GuestOnlyKind, Device[]>();
  for (const device of devices) {
    const kind = guessKind(device);
    byKind.set(kind, [...(byKind.get(kind) ?? []), device]);
  }
  return (
    <div className="guest-only">
      {[...byKind].map(([kind, members]) => (
        <details key={kind} open={members.length <= 3}>
          <summary>
            Made by the guest: {kind} ({members.length})
          </summary>
          <div className="wide">
            <table className="nics">
              <TableHead titles={["MAC", "Name", "IPv4", "IPv6"]} />
              <tbody>
                {members.map((device, at) => (
                  <tr key={`${device.name ?? ""}-${at}`}>
                    <td>{device.macAddress === null ? "–" : <code>{device.macAddress}</code>}</td>
                    <DeviceCells device={device} />
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </details>
      ))}
    </div>
  );
}
