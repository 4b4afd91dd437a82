import type { HostFreshness } from "../../model/guest/freshness.js";
import { queryRows, SqlParameters, type Queryable } from "../postgres/sql.js";
import { hideWarning } from "../hidden-warning.js";
import type { HostRow, PolledHost, VmScope } from "../types.js";
import { HOST_FRESHNESS } from "./conditions/own-conditions.js";
import { IS_POLLED } from "./polling-state.js";

/**
 * Reads hosts, sorted by name: those with one of the ids, or all that are polled or still own VMs. A viewer with a scope sees no
 * warnings.
 */
export async function readHosts(
  database: Queryable,
  ids: readonly string[] | null,
  scope: VmScope | null = null,
): Promise<HostRow[]> {
  const parameters = new SqlParameters();
  const condition =
    ids === null
      ? "(h.active OR EXISTS (SELECT FROM vm_dynamic d WHERE d.run_on_vds = s.vds_id))"
      : `s.vds_id = ANY(${parameters.addKeys(ids, "uuid")})`;
  const rows = await queryRows<HostRow>(
    database,
    `${SELECT_HOSTS} WHERE ${condition} ORDER BY s.vds_name COLLATE "C", s.vds_id`,
    parameters.values,
  );
  return scope === null ? rows : rows.map(hideWarning);
}

/** Lists the hosts that are to be polled, sorted by id. */
export async function listHosts(database: Queryable): Promise<PolledHost[]> {
  return queryRows<PolledHost>(
    database,
    `SELECT s.vds_id AS id, s.vds_name AS name, s.host_name AS host, s.port,
            h.interval_ms AS "intervalMs",
            h.from_settings OR EXISTS (SELECT FROM vnic_graph_gateway_host l
              JOIN vnic_graph_gateway g ON g.gateway_id = l.gateway_id
              WHERE l.host_id = h.host_id AND g.interval_ms IS NOT NULL AND g.leased_until > now()) AS "fromSettings"
     FROM vds_static s JOIN vnic_graph_host h ON h.host_id = s.vds_id WHERE h.active ORDER BY s.vds_id`,
  );
}

/** Lists the polled hosts whose last pass failed and that no gateway has polled with success for so many milliseconds. */
export async function listFailingHosts(database: Queryable, forMs: number): Promise<string[]> {
  const rows = await queryRows<{ id: string }>(
    database,
    `SELECT host_id AS id FROM vnic_graph_host WHERE active AND last_error_kind IS NOT NULL
       AND (last_success_at IS NULL OR last_success_at < now() - $1 * interval '1 ms')`,
    [forMs],
  );
  return rows.map(({ id }) => id);
}

/** Reads each host's part of the freshness of its VMs, by the host's id. */
export async function readHostFreshness(database: Queryable): Promise<Map<string, HostFreshness>> {
  const rows = await queryRows<HostFreshness & { readonly id: string }>(
    database,
    `SELECT h.host_id AS id, ${HOST_FRESHNESS} FROM vnic_graph_host h`,
  );
  return new Map(rows.map(({ id, ...freshness }) => [id, freshness]));
}

/** Computes oVirt's VDSStatus number. A host that answers with an error differs from one that does not answer. */
const STATUS = `CASE
  WHEN h.last_error_kind = 'recovering' THEN 12
  WHEN h.last_error_kind IN ('unreachable', 'timeout') THEN 4
  WHEN h.last_error_kind IS NOT NULL THEN 5
  WHEN h.last_success_at IS NOT NULL THEN 3
  ELSE 0
END`;

const SELECT_HOSTS = `SELECT s.vds_id AS id, s.vds_name AS name,
  CASE WHEN strpos(s.host_name, ':') > 0 THEN '[' || s.host_name || ']' ELSE s.host_name END || ':' || s.port AS address,
  ${STATUS} AS status, h.last_attempt_at AS "lastAttemptAt", h.last_success_at AS "lastSuccessAt",
  h.last_error AS "lastError", h.last_warning AS "lastWarning", ${IS_POLLED} AS "polled"
FROM vds_static s LEFT JOIN vnic_graph_host h ON h.host_id = s.vds_id`;
