import { Text } from "@mantine/core";
import { Address } from "../shared/values/address.js";
import { Gentle } from "../shared/gentle.js";
import { RouteLink } from "../shared/route-link.js";
import { Tag } from "../shared/values/tag.js";
import { DifferenceMark } from "./differs.js";
import type { Device, NicRow } from "./match-nics.js";

/** Shows a row for each vNIC: what the hypervisor defined, beside the guest's interfaces with its MAC. */
export function NicTable({
  rows,
  areNicsKnown,
}: {
  readonly rows: readonly NicRow[];
  readonly areNicsKnown: boolean;
}) {
  if (rows.length === 0) {
    return (
      <Text className="faint">
        {areNicsKnown ? "This VM has no virtual NIC." : "Its virtual NICs are not known."}
      </Text>
    );
  }
  return (
    <div className="wide">
      <table className="nics">
        <thead>
          <tr>
            <th scope="colgroup" colSpan={4}>
              Virtual NIC
            </th>
            <th scope="colgroup" colSpan={3}>
              In the guest
            </th>
          </tr>
          <tr>
            {["Name", "Network", "Link", "MAC", "Name", "IPv4", "IPv6"].map((title, at) => (
              <th key={`${title}-${at}`} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        {rows.map(({ nic, devices }) => (
          <tbody key={nic.id}>
            {(devices === null || devices.length === 0 ? [null] : devices).map((device, at, { length }) => (
              <tr key={`${device?.name ?? ""}-${at}`}>
                {at === 0 && (
                  <>
                    <th scope="rowgroup" rowSpan={length} data-label="vNIC">
                      {nic.name}
                    </th>
                    <td rowSpan={length} data-label="Network">
                      {nic.network === null ? (
                        "–"
                      ) : (
                        <RouteLink to={{ view: "topology", network: nic.network }}>{nic.network}</RouteLink>
                      )}
                    </td>
                    <td rowSpan={length} data-label="Link">
                      <Gentle value={formatLink(nic)}>
                        <Tag tone={nic.linked === true ? "good" : "calm"}>{formatLink(nic)}</Tag>
                      </Gentle>
                    </td>
                    <td rowSpan={length} data-label="MAC">
                      {nic.macAddress === null ? "–" : <Address text={nic.macAddress} />}
                    </td>
                  </>
                )}
                {device === null ? (
                  <td colSpan={3} className="faint">
                    {explainMissing(nic, devices !== null)}
                  </td>
                ) : (
                  <DeviceCells device={device} />
                )}
              </tr>
            ))}
          </tbody>
        ))}
      </table>
    </div>
  );
}

/** Shows name and addresses of a guest interface in three cells. */
export function DeviceCells({ device }: { readonly device: Device }) {
  return (
    <>
      <td data-label="In the guest">{device.name ?? "without a name"}</td>
      <td data-label="IPv4">
        <Addresses device={device.name} list={device.ipv4Addresses} />
      </td>
      <td data-label="IPv6">
        <Addresses device={device.name} list={device.ipv6Addresses} />
      </td>
    </>
  );
}

function Addresses({ device, list }: { readonly device: string | null; readonly list: readonly string[] }) {
  return (
    <Gentle value={list.join()}>
      {list.length === 0 ? (
        <span className="faint">none</span>
      ) : (
        list.map((text) => (
          <DifferenceMark key={text} device={device} address={text}>
            <Address text={text} />
          </DifferenceMark>
        ))
      )}
    </Gentle>
  );
}

/** Explains why no guest interface is beside a vNIC, and which one it probably is. */
function explainMissing({ missingReason, probableInterface }: NicRow["nic"], isKnown: boolean): string {
  const reason = MISSING[missingReason ?? ""];
  if (reason === undefined) {
    return isKnown ? "the guest shows no interface with this MAC" : "not known: the guest does not report";
  }
  if (probableInterface === null) return reason;
  const { name, macAddress } = probableInterface;
  return `${reason}; probably ${name ?? "one without a name"}${macAddress === null ? "" : `, ${macAddress}`}`;
}

/** Explains each reason of the graph to people. */
const MISSING: Readonly<Record<string, string>> = {
  BOND_MEMBER: "in a bond, which gives its members one MAC",
  IGNORED_BY_NAME: "the guest shows it under a name that is left out (GUEST_NIC_IGNORE)",
  MAC_DIFFERS: "the guest uses another MAC",
  NOT_REPORTED: "the guest shows no interface with this MAC",
  NO_AGENT: "not known: the guest tells nothing; no agent runs, or not yet",
  NO_DEVICES: "not known: the guest's agent reports addresses without interfaces",
  VM_DOWN: "the VM does not run",
};

function formatLink({ plugged, linked }: NicRow["nic"]): string {
  if (plugged === false) return "unplugged";
  if (linked === null) return "not known";
  return linked ? "up" : "down";
}
