import { listEquivalentAddresses } from "../../../model/address/cidr.js";
import { matchCidr } from "./match-cidr.js";
import { listAddressColumns, matchAddressWord, type VmConditionSql } from "./search-conditions.js";
import { matchText } from "./text-match.js";

/** VMs with their states, and what is stored of their reports and of the hosts that run them. */
export const FROM_VMS = `vm_static s
JOIN vm_dynamic d ON d.vm_guid = s.vm_guid
LEFT JOIN vnic_graph_vm r ON r.vm_id = s.vm_guid
LEFT JOIN vnic_graph_host h ON h.host_id = d.run_on_vds`;

/** Cases of why nothing of a host's VMs is current. */
const HOST_REASONS = `WHEN h.last_error_kind = 'recovering' THEN 'HOST_RECOVERING'
  WHEN h.last_error_kind IN ('unreachable', 'timeout') THEN 'HOST_UNREACHABLE'
  WHEN h.last_error_kind IS NOT NULL THEN 'HOST_FAILED'
  WHEN h.active IS NOT TRUE OR h.last_success_at IS NULL THEN 'REFRESH_OVERDUE'
  WHEN h.last_success_at < now() - 2 * h.interval_ms * interval '1 millisecond' THEN 'REFRESH_OVERDUE'`;

/** Cases of why a VM's data are not current although its host's are. */
const OWN_REASONS = `WHEN r.missed_passes > 0 THEN 'VM_MISSING'
  WHEN r.silence = 'absent' THEN 'AGENT_ABSENT'
  WHEN r.silence = 'silent' THEN 'AGENT_SILENT'
  WHEN r.silence IN ('invalid', 'partial') THEN 'REPORT_INVALID'`;

/** A failing host comes first: while it fails, nothing is known of its guests, silent or not. */
export const STALE_REASON = `CASE
  WHEN d.run_on_vds IS NULL THEN NULL
  ${HOST_REASONS}
  ${OWN_REASONS}
END`;

const OWN_SINCE = `CASE WHEN r.missed_passes > 0 OR r.silence IN ('absent', 'silent', 'invalid', 'partial')
    THEN coalesce(r.stale_since, r.last_reported_at) END`;

const HOST_SINCE = `CASE WHEN h.last_error_kind IS NOT NULL THEN coalesce(h.failing_since, h.last_success_at)
    WHEN h.active IS NOT TRUE THEN h.last_success_at
    WHEN h.last_success_at < now() - 2 * h.interval_ms * interval '1 millisecond'
      THEN h.last_success_at + 2 * h.interval_ms * interval '1 millisecond' END`;

/** Since when that is so: for the VM's own sake or its host's, whichever began first. NULL: it is not, or is not known. */
export const STALE_SINCE = `CASE WHEN d.run_on_vds IS NOT NULL THEN least(
  ${OWN_SINCE},
  ${HOST_SINCE}) END`;

/** A VM's own part of both, and a host's: `joinFreshness` joins them to the same. */
export const OWN_STALENESS = `CASE ${OWN_REASONS} END AS "ownReason", ${OWN_SINCE} AS "ownSince"`;
export const HOST_FRESHNESS = `h.last_success_at AS "lastSuccessAt", CASE ${HOST_REASONS} END AS "hostReason", ${HOST_SINCE} AS "hostSince"`;

/** How our own tables answer what the sources hold each in their own way. */
export const OWN_CONDITIONS: VmConditionSql = {
  from: FROM_VMS,
  name: 's.vm_name COLLATE "C"',
  hasStatus: (statuses, parameters) => `d.status = ANY(${parameters.add(statuses)}::int[])`,
  hasAddress: (address, parameters) =>
    `s.vm_guid IN (SELECT a.vm_id FROM vnic_graph_address a WHERE a.address = ${parameters.add(address)}::inet)`,
  hasAddressLike: (parts, parameters) => {
    const matches = listAddressColumns(parts).map((column) =>
      matchAddressWord(`g.${column}`, parts, parameters),
    );
    return `s.vm_guid IN (
      SELECT g.vm_id FROM vm_guest_agent_interfaces g WHERE ${matches.join(" OR ")}
      UNION SELECT i.vm_guid FROM vm_dynamic i WHERE ${matchAddressWord("i.vm_ip", parts, parameters)})`;
  },
  hasAnyOf: (addresses, parameters) => {
    const spellings = addresses.flatMap((address) => listEquivalentAddresses(address));
    return `EXISTS (SELECT FROM vnic_graph_address a
      WHERE a.vm_id = s.vm_guid AND a.address = ANY(${parameters.add(spellings)}::inet[]))`;
  },
  hasAddressIn: (cidr, parameters) =>
    `EXISTS (SELECT FROM vnic_graph_address a WHERE a.vm_id = s.vm_guid AND ${matchCidr("a.address", cidr, parameters)})`,
  hasAnyAddress: "EXISTS (SELECT FROM vnic_graph_address a WHERE a.vm_id = s.vm_guid)",
  onTwoHosts: () => "s.vm_guid IN (SELECT o.vm_id FROM vnic_graph_vm o WHERE o.contender_id IS NOT NULL)",
  hasInterface: (condition) =>
    `EXISTS (SELECT FROM vm_guest_agent_interfaces g WHERE g.vm_id = s.vm_guid AND ${condition})`,
  guestMacIs: (mac, parameters) => `g.mac_address = ${parameters.add(mac)}::varchar`,
  hasNetwork: (match, parameters) =>
    `EXISTS (SELECT FROM vm_interface i JOIN vnic_graph_nic e ON e.nic_id = i.id
      WHERE i.vm_guid = s.vm_guid AND ${matchText("e.network", match, parameters)})`,
  nicMacIs: (mac, parameters) => `i.mac_addr = ${parameters.add(mac)}::varchar`,
  hasMac: (mac, parameters) => {
    const wanted = `${parameters.add(mac)}::varchar`;
    return `s.vm_guid IN (SELECT g.vm_id FROM vm_guest_agent_interfaces g WHERE g.mac_address = ${wanted}
      UNION ALL SELECT i.vm_guid FROM vm_interface i WHERE i.mac_addr = ${wanted})`;
  },
  staleReason: `(${STALE_REASON})`,
  // No host tells which cluster a VM is in, so none is in a named one.
  hasCluster: () => "false",
  // Addresses are stored in canonical text, so that every one of them is an `inet`.
  sortBy: { cluster: { join: "", value: "NULL::text" }, ip: "nullif(split_part(d.vm_ip, ' ', 1), '')::inet" },
};
