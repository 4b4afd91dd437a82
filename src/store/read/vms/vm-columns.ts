import { roundUpTime } from "../../postgres/exact-time.js";
import {
  FROM_VMS,
  HOST_FRESHNESS,
  OWN_STALENESS,
  STALE_REASON,
  STALE_SINCE,
} from "../conditions/own-conditions.js";

/** The condition that the guest reports. A VM without an owner is down, so that nothing about it is stale. */
const IS_FRESH = `d.run_on_vds IS NOT NULL AND coalesce(r.missed_passes, 0) = 0
  AND (r.silence IS NULL OR r.silence IN ('ips-only', 'partial'))`;

/**
 * The condition that the interfaces are known. An unreadable report does not show which silence came before it. Then they
 * are known only if some are stored.
 */
const INTERFACES_KNOWN = `(r.vm_id IS NOT NULL AND (r.silence IS NULL OR r.silence IN ('silent', 'partial') OR (r.silence = 'invalid'
  AND EXISTS (SELECT FROM vm_guest_agent_interfaces i WHERE i.vm_id = s.vm_guid))))`;

/**
 * The condition that the vNICs are known. Each answer about them stores a hash; without one, stored vNICs show that there
 * was an answer.
 */
const NICS_KNOWN = `(r.inventory_hash IS NOT NULL OR EXISTS (SELECT FROM vm_interface n WHERE n.vm_guid = s.vm_guid))`;

/** The columns of a VM that do not depend on its host's state. */
export const KNOWN_COLUMNS = `s.vm_guid AS id, s.vm_name AS name, d.status, d.run_on_vds AS "hostId",
  ${INTERFACES_KNOWN} AS "interfacesKnown",
  ${NICS_KNOWN} AS "nicsKnown"`;

/** Further columns that do not depend on its host's state. The change log has a row for each change of them. */
const OWN_COLUMNS = `CASE WHEN d.vm_ip <> '' THEN string_to_array(d.vm_ip, ' ') WHEN ${INTERFACES_KNOWN} THEN ARRAY[]::text[] END AS ips,
  nullif(d.vm_fqdn, '') AS fqdn, r.stale_detail AS "staleDetail",
  ${roundUpTime("r.changed_at")} AS "lastChangedAt"`;

/** The MACs that the guest reports under an ignored name. The change log has no row for a change of them. */
export const IGNORED_COLUMN = 'r.ignored_macs AS "ignoredMacs"';

/** The columns of a VM's row as readers get it, over {@link FROM_VMS}. */
export const VM_COLUMNS = `${KNOWN_COLUMNS}, ${OWN_COLUMNS}, r.contender_id AS "contenderId", ${IGNORED_COLUMN},
  CASE WHEN ${IS_FRESH} THEN h.last_success_at ELSE r.last_reported_at END AS "lastReportedAt",
  ${STALE_REASON} AS "staleReason", ${STALE_SINCE} AS "staleSince"`;

/** The same, with the VM's own values and its host's in separate columns. */
export const SPLIT_COLUMNS = `${KNOWN_COLUMNS}, ${OWN_COLUMNS}, ${IS_FRESH} AS "isHeard", r.last_reported_at AS "reportedAt",
  ${OWN_STALENESS}, ${HOST_FRESHNESS}`;

/** Selects VMs; a condition and an order follow. */
export const SELECT_VMS = `SELECT ${VM_COLUMNS} FROM ${FROM_VMS}`;
