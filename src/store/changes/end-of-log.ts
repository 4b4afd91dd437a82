import type { DataSource } from "typeorm";
import { isReadOnly } from "../postgres/errors.js";
import { execute, queryRows } from "../postgres/sql.js";
import { LOG_SQL, MARK_SQL, type LogRow } from "./log-identity.js";
import { parseCursor, type LogCursor } from "./cursor.js";
import { readSnapshot, widenXid } from "./snapshot.js";
import { readStateCursor } from "./state-cursor.js";

/**
 * Finds the cursor behind all that is committed now.
 * 1. Adopt a log that was restored into another cluster.
 * 2. Take two snapshots. If no transaction that ran at the first one still runs at the second one, all rows that are still
 *    to come have a higher `seq` than the last row at the first one. Otherwise assume that at most a day passes between a
 *    transaction's row and its commit.
 * 3. Write a mark, so that the numbers of transactions in the second snapshot are never used again.
 *
 * Where nothing can be written, as on a standby, it is the cursor of the present state.
 */
export async function findEndOfLog(dataSource: DataSource): Promise<LogCursor> {
  try {
    return await markEndOfLog(dataSource);
  } catch (error) {
    if (!isReadOnly(error)) throw error;
    return parseCursor(await readStateCursor(dataSource));
  }
}

async function markEndOfLog(dataSource: DataSource): Promise<LogCursor> {
  await execute(dataSource, MARK_SQL, []);
  const first = await readEnd(dataSource);
  const second = await readEnd(dataSource);
  await execute(dataSource, MARK_SQL, []);
  const seen = readSnapshot(second.snapshot);
  const isSettled = seen.xmin >= widenXid(first.next_xid, readSnapshot(first.snapshot));
  return {
    logId: second.log_id,
    seen,
    batch: null,
    lastTx: seen.xmax - 1n,
    floorSeq: BigInt((isSettled ? first.last_seq : second.day_seq) ?? second.first_seq),
  };
}

async function readEnd(dataSource: DataSource): Promise<EndRow> {
  const [row] = await queryRows<EndRow>(
    dataSource,
    `WITH ${LOG_SQL}
     SELECT log.*,
       (SELECT c.seq FROM vnic_graph_change c ORDER BY c.seq DESC LIMIT 1) AS last_seq,
       (SELECT c.seq FROM vnic_graph_change c WHERE c.at < now() - interval '1 day' ORDER BY c.seq DESC LIMIT 1) AS day_seq
     FROM log`,
  );
  if (row === undefined) throw new Error("vnic_graph_change_log has no row; it was emptied by hand");
  return row;
}

interface EndRow extends LogRow {
  readonly last_seq: string | null;
  readonly day_seq: string | null;
}
