import { queryRows, SqlParameters, type Queryable } from "../../postgres/sql.js";
import { parseCursor } from "../cursor.js";
import { LOG_SQL } from "../log-identity.js";
import { formatSnapshot } from "../snapshot.js";
import { formatSharedTo } from "./shared-addresses.js";

/**
 * Reads which VMs changed since `vnic_graph_shared_address` was brought up to date: those with changes behind the index's
 * cursor. `null`: the table does not hold, for one of these reasons:
 * 1. the index is being built, or the table is to be made anew;
 * 2. the cursor is of another log, or rows behind it were dropped;
 * 3. more VMs changed than are worth looking at one by one.
 */
export async function readRecentVms(database: Queryable): Promise<readonly string[] | null> {
  const [index] = await queryRows<{ readonly cursor: string }>(
    database,
    `SELECT cursor FROM vnic_graph_address_index WHERE is_built AND shared_to = ${formatSharedTo("cursor")}`,
  );
  if (index === undefined) return null;
  const { logId, seen, batch, floorSeq } = parseCursor(index.cursor);
  const parameters = new SqlParameters();
  const isUnread = [
    `c.seq > greatest(log.first_seq, ${parameters.add(floorSeq.toString())}::bigint)`,
    `NOT pg_visible_in_snapshot(c.tx, ${parameters.add(formatSnapshot(seen))}::pg_snapshot)`,
  ];
  if (batch !== null) {
    const [upTo, last] = [
      parameters.add(formatSnapshot(batch.upTo)),
      parameters.add(batch.lastSeq.toString()),
    ];
    isUnread.push(`NOT (pg_visible_in_snapshot(c.tx, ${upTo}::pg_snapshot) AND c.seq <= ${last}::bigint)`);
  }
  const rows = await queryRows<{ logId: string; droppedTx: string; vmId: string | null }>(
    database,
    `WITH ${LOG_SQL}
     SELECT log.log_id AS "logId", log.dropped_tx AS "droppedTx", c.vm_id AS "vmId"
     FROM log LEFT JOIN LATERAL (
       SELECT c.vm_id FROM vnic_graph_change c WHERE ${isUnread.join(" AND ")}
       ORDER BY c.seq LIMIT ${MOST_CHANGES + 1}) AS c ON true`,
    parameters.values,
  );
  const [log] = rows;
  const isOurs = log?.logId === logId && BigInt(log.droppedTx) < seen.xmin;
  if (!isOurs || rows.length > MOST_CHANGES) return null;
  return [...new Set(rows.flatMap(({ vmId }) => vmId ?? []))];
}

/** So many VMs are looked at in some fifteen milliseconds. */
const MOST_CHANGES = 500;
