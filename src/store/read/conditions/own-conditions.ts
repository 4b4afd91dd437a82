import { roundUpTime } from "../../postgres/exact-time.js";
import type { StaleReason } from "../../../model/guest/stale-reason.js";
import { andCounts, isMapped, matchCidr } from "./match-cidr.js";
import { listAddressColumns, matchListedAddress, type VmConditionSql } from "./search-conditions.js";
import { matchText } from "./text-match.js";

/** The FROM clause of VMs, joined with their states, what passes stored of them, and their hosts. */
export const FROM_VMS = `vm_static s
JOIN vm_dynamic d ON d.vm_guid = s.vm_guid
LEFT JOIN vnic_graph_vm r ON r.vm_id = s.vm_guid
LEFT JOIN vnic_graph_host h ON h.host_id = d.run_on_vds`;

/** Cases for the reasons why all VMs of a host are stale. */
const HOST_REASONS = `WHEN h.last_error_kind = 'recovering' THEN 'HOST_RECOVERING'
  WHEN h.last_error_kind IN ('unreachable', 'timeout') THEN 'HOST_UNREACHABLE'
  WHEN h.last_error_kind IS NOT NULL THEN 'HOST_FAILED'
  WHEN h.active IS NOT TRUE OR h.last_success_at IS NULL THEN 'REFRESH_OVERDUE'
  WHEN h.last_success_at < now() - 2 * h.interval_ms * interval '1 millisecond' THEN 'REFRESH_OVERDUE'`;

/** Cases for the reasons why a VM is stale although its host is not. */
const OWN_REASONS = `WHEN r.missed_passes > 0 THEN 'VM_MISSING'
  WHEN r.silence = 'absent' THEN 'AGENT_ABSENT'
  WHEN r.silence = 'silent' THEN 'AGENT_SILENT'
  WHEN r.silence IN ('invalid', 'partial') THEN 'REPORT_INVALID'`;

/** The condition that one of these cases holds, as the index of such VMs has it. */
const IS_STALE_ITSELF = "r.missed_passes > 0 OR r.silence IN ('absent', 'silent', 'invalid', 'partial')";

/**
 * Selects the ids of the VMs that may be stale for one of these reasons. Where they are few, indexes find them. A host that nobody polls
 * has no row in `vnic_graph_host`.
 */
export function selectMayBeStale(reasons: readonly StaleReason[]): string {
  const listed = reasons.map((reason) => `'${reason}'`).join(", ");
  return `SELECT r.vm_id FROM vnic_graph_vm r
    WHERE (${IS_STALE_ITSELF}) AND CASE ${OWN_REASONS} END IN (${listed})
    UNION ALL SELECT o.vm_guid FROM vm_dynamic o WHERE o.run_on_vds = ANY(ARRAY(
      SELECT v.vds_id FROM vds_static v LEFT JOIN vnic_graph_host h ON h.host_id = v.vds_id
      WHERE CASE ${HOST_REASONS} END IN (${listed})))`;
}

/**
 * Computes why a VM is stale; NULL: it is not. A failing host comes first, because nothing is known of its guests
 * meanwhile.
 */
export const STALE_REASON = `CASE
  WHEN d.run_on_vds IS NULL THEN NULL
  ${HOST_REASONS}
  ${OWN_REASONS}
END`;

const OWN_SINCE = `CASE WHEN ${IS_STALE_ITSELF}
    THEN ${roundUpTime("coalesce(r.stale_since, r.last_reported_at)")} END`;

const HOST_SINCE = `CASE WHEN h.last_error_kind IS NOT NULL THEN coalesce(h.failing_since, h.last_success_at)
    WHEN h.active IS NOT TRUE THEN h.last_success_at
    WHEN h.last_success_at < now() - 2 * h.interval_ms * interval '1 millisecond'
      THEN h.last_success_at + 2 * h.interval_ms * interval '1 millisecond' END`;

/**
 * Computes since when a VM is stale: the earlier time of its own reason and its host's. NULL: it is not, or the time is not
 * known.
 */
export const STALE_SINCE = `CASE WHEN d.run_on_vds IS NOT NULL THEN least(
  ${OWN_SINCE},
  ${HOST_SINCE}) END`;

/** The VM's own part of these two values, and its host's. `joinFreshness` joins the parts to the same values. */
export const OWN_STALENESS = `CASE ${OWN_REASONS} END AS "ownReason", ${OWN_SINCE} AS "ownSince"`;
export const HOST_FRESHNESS = `h.last_success_at AS "lastSuccessAt", CASE ${HOST_REASONS} END AS "hostReason", ${HOST_SINCE} AS "hostSince"`;

/** The conditions for our own tables. */
export const OWN_CONDITIONS: VmConditionSql = {
  from: FROM_VMS,
  name: 's.vm_name COLLATE "C"',
  hasStatus: (statuses, parameters) => `d.status = ANY(${parameters.add(statuses)}::int[])`,
  addresses: "d.vm_ip",
  hasAddress: (address, parameters) =>
    `s.vm_guid IN (SELECT a.vm_id FROM vnic_graph_address a WHERE a.address = ${parameters.add(address)}::inet)`,
  hasAddressLike: (parts, parameters) => {
    const matches = listAddressColumns(parts).map((column) =>
      matchListedAddress(`g.${column}`, parts, parameters),
    );
    return `s.vm_guid IN (
      SELECT g.vm_id FROM vm_guest_agent_interfaces g WHERE ${matches.join(" OR ")}
      UNION SELECT i.vm_guid FROM vm_dynamic i WHERE ${matchListedAddress("i.vm_ip", parts, parameters)})`;
  },
  hasAnyOf: (addresses, parameters) =>
    `EXISTS (SELECT FROM vnic_graph_address a
      WHERE a.vm_id = s.vm_guid AND a.address = ANY(${parameters.add(addresses)}::inet[]))`,
  hasAddressIn: (cidr, parameters, mapped) =>
    `EXISTS (SELECT FROM vnic_graph_address a WHERE a.vm_id = s.vm_guid AND ${matchCidr("a.address", cidr, parameters)}
      ${andCounts(mapped, isMapped("a.address"))})`,
  hasAnyAddress: "EXISTS (SELECT FROM vnic_graph_address a WHERE a.vm_id = s.vm_guid)",
  isOnTwoHosts: () => "s.vm_guid IN (SELECT o.vm_id FROM vnic_graph_vm o WHERE o.contender_id IS NOT NULL)",
  hasInterface: (condition) =>
    `EXISTS (SELECT FROM vm_guest_agent_interfaces g WHERE g.vm_id = s.vm_guid AND ${condition})`,
  isGuestMac: (mac, parameters) => `g.mac_address = ${parameters.add(mac)}::varchar`,
  // OFFSET keeps PostgreSQL from finding all VMs on the network first.
  hasNetwork: (match, parameters, isByRow) =>
    `EXISTS (SELECT FROM vnic_graph_nic e
      WHERE e.vm_id = s.vm_guid AND ${matchText("e.network", match, parameters)}${isByRow ? " OFFSET 0" : ""})`,
  isNicMac: (mac, parameters) => `i.mac_addr = ${parameters.add(mac)}::varchar`,
  hasMac: (mac, parameters) => {
    const wanted = `${parameters.add(mac)}::varchar`;
    return `s.vm_guid IN (SELECT g.vm_id FROM vm_guest_agent_interfaces g WHERE g.mac_address = ${wanted}
      UNION ALL SELECT i.vm_guid FROM vm_interface i WHERE i.mac_addr = ${wanted})`;
  },
  staleReason: `(${STALE_REASON})`,
  // Hosts do not report which cluster a VM is in, so no VM is in a named one.
  hasCluster: () => "false",
  sortBy: { cluster: { join: "", value: "NULL::text" }, ip: "r.primary_address" },
};
