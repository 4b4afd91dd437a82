import { compareByName } from "../../model/compare-by-name.js";
import { findPrimaryAddress, findPrimaryOfAddresses } from "../../model/address/primary-address.js";
import { normalizeStoredMac } from "../../model/address/mac.js";
import { mayHaveGuest } from "../conditions/engine-conditions.js";
import { INTERFACE_ORDER, toGuestInterface, type InterfaceValues } from "../interfaces.js";
import { parseIpv4List, parseIpv6List } from "../normalize.js";

/**
 * The text of all that a VM's primary address depends on, as an engine holds it; NULL: the VM has no guest. It is the only thing
 * that {@link findHeldAddress} reads, so as long as the text is the same, so is the address. The VM's id is `asked.id`, and `d` its state.
 */
export const HELD = `CASE WHEN ${mayHaveGuest("d.status")} THEN json_build_array(
    d.guest_agent_nics_hash <> 0 IS TRUE, d.vm_ip,
    (SELECT json_agg(json_build_array(g.interface_name, g.mac_address, g.ipv4_addresses, g.ipv6_addresses) ORDER BY ${INTERFACE_ORDER})
      FROM vm_guest_agent_interfaces g WHERE g.vm_id = asked.id),
    (SELECT json_agg(json_build_array(i.id, i.name, i.mac_addr) ORDER BY i.id)
      FROM vm_interface i WHERE i.vm_guid = asked.id))::text END`;

/** Whether the guest has reported, `vm_ip`, the interfaces, and the vNICs with their id, name and MAC. */
type Held = readonly [
  boolean,
  string | null,
  readonly InterfaceValues[] | null,
  readonly (readonly [string, string, string | null])[] | null,
];

/** Finds the address from such a text as the field `primaryAddress` does. */
export function findHeldAddress(text: string | null): string | null {
  if (text === null) return null;
  const [hasReported, vmIp, interfaces, nics] = JSON.parse(text) as Held;
  const found =
    hasReported || interfaces !== null
      ? findPrimaryAddress(
          (interfaces ?? []).map((values) => toGuestInterface(values, "")),
          (nics ?? [])
            .map(([id, name, mac]) => ({ id, name, macAddress: normalizeStoredMac(mac), network: null }))
            .sort(compareByName),
        )
      : findPrimaryOfAddresses([...parseIpv4List(vmIp), ...parseIpv6List(vmIp)]);
  return found?.address ?? null;
}
