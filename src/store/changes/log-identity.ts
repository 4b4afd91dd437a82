import { LogPositionUnknownError } from "./log-errors.js";
import { completeSnapshot, readSnapshot, type Snapshot } from "./snapshot.js";

/**
 * SQL of a part of a WITH clause: one row with the log's identity, and from where on the log can be read.
 *
 * `log_id` changes with the cluster, its timeline (a copy took over, or a backup was restored), the database and the table.
 * After each of these, numbers of transactions are used again, so that an older cursor has no meaning. A standby writes no log
 * of its own, so it tells the timeline that it follows.
 */
export const LOG_SQL = `log AS MATERIALIZED (
  SELECT left(md5(concat_ws(':', s.system_identifier,
      CASE WHEN pg_is_in_recovery()
        THEN (SELECT lpad(upper(to_hex(c.timeline_id)), 8, '0') FROM pg_control_checkpoint() c)
        ELSE left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) END,
      d.oid, 'vnic_graph_change'::regclass::oid)), 12) AS log_id,
    pg_current_snapshot()::text AS snapshot, age('3'::xid) + 3 AS next_xid, l.first_seq, l.dropped_tx
  FROM vnic_graph_change_log l, pg_control_system() s, pg_database d WHERE d.datname = current_database())`;

/** A row of {@link LOG_SQL}. */
export interface LogRow {
  readonly log_id: string;
  readonly snapshot: string;
  /** The lower half of the number that the next transaction will get, as a signed integer. */
  readonly next_xid: number;
  readonly first_seq: string;
  readonly dropped_tx: string;
}

/**
 * Builds a column beside {@link LOG_SQL}: on a standby, the transactions from the snapshot's `xmin` on of which rows are seen, with
 * a `seq` above this bound of all that can still come; elsewhere NULL.
 */
export function selectStandbyTxs(floorSeq: string): string {
  return `CASE WHEN pg_is_in_recovery() THEN ARRAY(SELECT DISTINCT c.tx::text FROM vnic_graph_change c
    WHERE c.seq > ${floorSeq} AND c.tx >= pg_snapshot_xmin(pg_current_snapshot()) LIMIT ${MOST_NUMBERS}) END AS standby_txs`;
}

/** Reads the snapshot of such a row. Throws if too much is unknown, because of a transaction that takes very long. */
export function readLogSnapshot({ snapshot, standby_txs }: PositionRow): Snapshot {
  const read = readSnapshot(snapshot);
  if (standby_txs === null) return read;
  const complete =
    standby_txs.length < MOST_NUMBERS ? completeSnapshot(read, standby_txs.map(BigInt), MOST_NUMBERS) : null;
  if (complete === null) throw new LogPositionUnknownError();
  return complete;
}

/** A row of {@link LOG_SQL} with the column of {@link selectStandbyTxs}. */
export interface PositionRow extends LogRow {
  readonly standby_txs: readonly string[] | null;
}

/** So many numbers of transactions fit into a cursor, which may hold two snapshots. */
export const MOST_NUMBERS = 1_500;

/**
 * Writes a mark to the disk. So numbers of earlier transactions are never used again, even after a crash (see
 * limitSnapshot).
 *
 * It also adopts a log that was written in another cluster, such as one restored from a dump. Its rows stay readable as
 * history. Followers begin behind them, because their transactions have numbers of that cluster.
 */
export const MARK_SQL = `UPDATE vnic_graph_change_log l SET system_id = s.system_identifier::text,
    first_seq = CASE WHEN l.system_id = s.system_identifier::text THEN l.first_seq ELSE nextval('vnic_graph_change_seq') END,
    dropped_tx = CASE WHEN l.system_id = s.system_identifier::text THEN l.dropped_tx ELSE '0' END
  FROM pg_control_system() s WHERE set_config('synchronous_commit', 'on', true) = 'on'`;
