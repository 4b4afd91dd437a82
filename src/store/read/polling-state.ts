import { queryRows, type Queryable } from "../postgres/sql.js";
import type { PollingState } from "../types.js";

/**
 * The condition that a running gateway polls the host `h` regularly: the host is on the list, and some gateway that polls
 * is alive. A gateway counts for some time after its last heartbeat, so that a pause of the database does not make all
 * hosts unpolled.
 */
export const IS_POLLED = `(h.active AND (NOT h.from_settings OR h.interval_ms IS NOT NULL)
  AND EXISTS (SELECT FROM vnic_graph_gateway g
    WHERE g.interval_ms IS NOT NULL AND g.alive_until > now() - interval '20 seconds')) IS TRUE`;

/**
 * Counts hosts by the state of their polling, in one statement. It reads no VMs, but fails if the tables of VMs may not be
 * read, are locked, or are gone: no query could then be answered.
 */
export async function readPollingState(database: Queryable): Promise<PollingState> {
  const [row] = await queryRows<PollingState>(
    database,
    `SELECT count(*)::int AS hosts,
       (count(*) FILTER (WHERE h.last_success_at IS NULL AND h.last_error_kind IS NULL))::int AS untried,
       (count(*) FILTER (WHERE h.last_success_at IS NULL OR h.last_error_kind IS NOT NULL
         OR h.last_success_at < now() - 2 * h.interval_ms * interval '1 ms'))::int AS stale,
       (count(*) FILTER (WHERE NOT ${IS_POLLED}))::int AS unpolled
     FROM vnic_graph_host h WHERE h.active AND NOT EXISTS (SELECT FROM vm_static, vm_dynamic, vm_interface,
       vm_guest_agent_interfaces, vds_static, vnic_graph_vm, vnic_graph_nic WHERE false)`,
  );
  return row ?? { hosts: 0, untried: 0, stale: 0, unpolled: 0 };
}
