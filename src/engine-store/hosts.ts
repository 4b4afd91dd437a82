import { formatHostAddress } from "../model/connections/host-address.js";
import type { HostRow } from "../store/types.js";
import { queryRows, SqlParameters, type Queryable } from "../store/postgres/sql.js";

/** Reads the engine's hosts, sorted by name: all, or those with the ids. An engine does not store when it polled them. */
export async function readHosts(database: Queryable, ids: readonly string[] | null): Promise<HostRow[]> {
  const parameters = new SqlParameters();
  const rows = await queryRows<EngineHost>(
    database,
    `SELECT h.vds_id AS id, h.vds_name AS name, h.host_name AS host, h.port, coalesce(y.status, 0) AS status
      FROM vds_static h LEFT JOIN vds_dynamic y ON y.vds_id = h.vds_id
      ${ids === null ? "" : `WHERE h.vds_id = ANY(${parameters.addKeys(ids, "uuid")})`}
      ORDER BY h.vds_name, h.vds_id`,
    parameters.values,
  );
  return rows.map(({ id, name, host, port, status }) => ({
    id,
    name,
    address: formatHostAddress({ host, port }),
    status,
    lastAttemptAt: null,
    lastSuccessAt: null,
    lastError: null,
    lastWarning: null,
    polled: null,
  }));
}

interface EngineHost {
  readonly id: string;
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly status: number;
}
