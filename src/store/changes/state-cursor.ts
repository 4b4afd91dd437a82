import { queryRows, type Queryable } from "../postgres/sql.js";
import { formatCursor, parseCursor, type LogCursor } from "./cursor.js";
import { LogPositionUnknownError } from "./log-errors.js";
import { LOG_SQL, readLogSnapshot, type PositionRow, selectStandbyTxs } from "./log-identity.js";
import type { LogMark } from "./log-reader.js";
import { formatSnapshot, limitSnapshot, type Snapshot } from "./snapshot.js";
import { readMark, readState } from "./spans/index-state.js";

/**
 * Reads the cursor of the state that statements see: who goes on behind it gets each change that the state does not show, once,
 * and no other. Costs two statements, of one row and of the few changes that are new. Writes nothing.
 * 1. Read where the index of addresses is in the log. That position was stored before this state, so the state shows all of it.
 * 2. Read this state's snapshot, and the highest transaction of the rows behind that position. Its commit is on disk, so a crash
 *    gives no number up to it away again; above it the snapshot counts as not seen (see limitSnapshot).
 *
 * The newest row's transaction is not enough: one with a higher number may have a lower `seq`, and would come again.
 */
export async function readStateCursor(database: Queryable): Promise<string> {
  const state = await readState(database);
  if (state.cursor === null) throw new LogPositionUnknownError();
  const indexed = parseCursor(state.cursor);
  const [log] = await queryRows<PositionRow & { readonly last_tx: string | null; readonly rows: string }>(
    database,
    `WITH ${LOG_SQL}
     SELECT log.*, ${selectStandbyTxs("$1")}, news.* FROM log CROSS JOIN LATERAL (
       SELECT max(c.tx::text::numeric)::text AS last_tx, count(*) AS rows FROM (
         SELECT c.tx FROM vnic_graph_change c
         WHERE c.seq > greatest(log.first_seq, $1::bigint) AND NOT pg_visible_in_snapshot(c.tx, $2::pg_snapshot)
         ORDER BY c.seq LIMIT ${MOST_NEWS + 1}) AS c) AS news`,
    [indexed.floorSeq.toString(), formatSnapshot(indexed.seen)],
  );
  if (log?.log_id !== indexed.logId || Number(log.rows) > MOST_NEWS) throw new LogPositionUnknownError();
  return formatCursor(moveTo(indexed, readMark(state), readLogSnapshot(log), log.last_tx));
}

/** Moves a position in the log to a later state. */
function moveTo(
  { logId, lastTx: lastTxBefore, floorSeq }: LogCursor,
  mark: LogMark | null,
  now: Snapshot,
  foundTx: string | null,
): LogCursor {
  const found = BigInt(foundTx ?? 0);
  const lastTx = found > lastTxBefore ? found : lastTxBefore;
  // All that is still to come began after the mark.
  const isMarked = mark !== null && mark.nextXid <= now.xmin && mark.seq > floorSeq;
  return {
    logId,
    seen: limitSnapshot(now, lastTx),
    batch: null,
    lastTx,
    floorSeq: isMarked ? mark.seq : floorSeq,
  };
}

/** So many rows are looked at in a tenth of a second. More are behind the index only while a large fleet is stored for the first time. */
const MOST_NEWS = 100_000;
