import { getMetadataArgsStorage } from "typeorm";
import { VdsStatic } from "../tables/vds-static.js";
import { VmDynamic } from "../tables/vm-dynamic.js";
import { VmGuestAgentInterface } from "../tables/vm-guest-agent-interface.js";
import { VmInterface } from "../tables/vm-interface.js";
import { VmStatic } from "../tables/vm-static.js";
import { VnicGraphHost } from "../tables/vnic-graph-host.js";
import { VnicGraphNic } from "../tables/vnic-graph-nic.js";
import { VnicGraphVm } from "../tables/vnic-graph-vm.js";
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

/** Reads no row, but fails if a table or column that answers need may not be read, is locked, or is gone. */
const READ_NOTHING = formatEmptyRead([
  ...[VmStatic, VmDynamic, VmInterface, VmGuestAgentInterface],
  ...[VdsStatic, VnicGraphHost, VnicGraphVm, VnicGraphNic],
]);

/**
 * Counts hosts by the state of their polling, in one statement. It reads no VMs, but fails if those may not be read: no query
 * could then be answered.
 */
export async function readPollingState(database: Queryable): Promise<PollingState> {
  const [row] = await queryRows<PollingState>(
    database,
    `SELECT count(*)::int AS hosts,
       (count(*) FILTER (WHERE h.last_success_at IS NULL AND h.last_error_kind IS NULL))::int AS untried,
       (count(*) FILTER (WHERE h.last_success_at IS NULL OR h.last_error_kind IS NOT NULL
         OR h.last_success_at < now() - 2 * h.interval_ms * interval '1 ms'))::int AS stale,
       (count(*) FILTER (WHERE NOT ${IS_POLLED}))::int AS unpolled
     FROM vnic_graph_host h WHERE h.active AND NOT EXISTS (${READ_NOTHING})`,
  );
  return row ?? { hosts: 0, untried: 0, stale: 0, unpolled: 0 };
}

function formatEmptyRead(entities: readonly (new () => object)[]): string {
  const storage = getMetadataArgsStorage();
  const tables = entities.map((entity) => {
    const name = storage.tables.find(({ target }) => target === entity)?.name ?? entity.name;
    const columns = storage
      .filterColumns(entity)
      .map(({ propertyName, options }) => `${name}.${options.name ?? propertyName}`);
    return { name, columns };
  });
  const columns = tables.flatMap((table) => table.columns).join(", ");
  return `SELECT ${columns} FROM ${tables.map(({ name }) => name).join(", ")} WHERE false`;
}
