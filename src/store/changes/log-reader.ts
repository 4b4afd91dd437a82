import { formatExactTime, roundUpTime } from "../postgres/exact-time.js";
import { queryRows, SqlParameters, type Queryable } from "../postgres/sql.js";
import type { LogCursor } from "./cursor.js";
import { ALL_KINDS } from "./kinds.js";
import { LostCursorError } from "./log-errors.js";
import { LOG_SQL, readLogSnapshot, type PositionRow, selectStandbyTxs } from "./log-identity.js";
import {
  formatSnapshot,
  joinSnapshots,
  limitSnapshot,
  readSnapshot,
  widenXid,
  type Snapshot,
} from "./snapshot.js";
import type { VmDelta } from "./versions/vm-delta.js";

/** A row of the log. */
export interface LoggedChange {
  /** The cursor behind this change. */
  readonly cursor: LogCursor;
  readonly seq: bigint;
  /** The transaction that wrote it. */
  readonly tx: bigint;
  /**
   * When it was written, by the database's clock, rounded up to milliseconds. Readers see it from the commit on, a little
   * later.
   */
  readonly at: Date;
  /** The same time in microseconds, as text. Together with `seq` it orders the changes of a VM. */
  readonly exactAt: string;
  readonly vmId: string;
  /** Bits of {@link CHANGE_KIND}. */
  readonly kinds: number;
  readonly delta: VmDelta;
  /** When the guest last reported; `null`: it still reports. */
  readonly lastReportedAt: Date | null;
}

/**
 * Says that rows of all transactions from `nextXid` on have a higher `seq` than this one. These transactions began after
 * the row with this `seq` had been read.
 */
export interface LogMark {
  readonly nextXid: bigint;
  readonly seq: bigint;
}

/** Limits what a reader reads of the log. */
export interface LogBounds {
  /** The reader ends at this cursor, even if more is committed meanwhile. Left out: it does not end. */
  readonly until?: LogCursor;
  /** The VMs whose changes are read; `null`, or left out: all. */
  readonly vmIds?: readonly string[] | null;
  /** The mark of an earlier reader that this one continues. */
  readonly mark?: LogMark | null;
}

/** The next changes, in the order of the log. */
export interface ChangePage {
  readonly changes: readonly LoggedChange[];
  /** `true`: the next read may find more changes immediately. */
  readonly hasMore: boolean;
}

/**
 * Reads the log in the order of commits, from a cursor on. No row is left out, and none comes twice.
 *
 * PostgreSQL takes `seq` before the commit, so that "greater than the last one" would lose rows that commit late. Instead
 * each row holds its transaction's number, and a reader remembers a snapshot of the transactions that it has seen:
 * 1. take a new snapshot, and read the rows whose transaction is in it and was not in the last one, by `seq`;
 * 2. when there are no more of these, the new snapshot becomes the last one.
 *
 * The changes of one VM come in their order, because the second transaction waited until the first one had committed. So it
 * is never in an earlier snapshot, and in the same snapshot its `seq` is higher.
 */
export class LogReader {
  /** The highest `seq` that was read. */
  private lastSeq: bigint;
  /**
   * Marks that are not used yet, oldest first. One raises `floorSeq` when all transactions before its `nextXid` have ended.
   */
  private readonly marks: LogMark[] = [];

  constructor(
    private readonly database: Queryable,
    private position: LogCursor,
    private readonly bounds: LogBounds = {},
  ) {
    this.lastSeq = position.batch?.lastSeq ?? position.floorSeq;
    if (bounds.mark != null) this.marks.push(bounds.mark);
  }

  /** Returns the mark for a reader that continues this one; `null`: there is none. */
  get mark(): LogMark | null {
    return this.marks[0] ?? null;
  }

  /** Returns the cursor behind the last change that was read. */
  get cursor(): LogCursor {
    return this.position;
  }

  /** Reads the next changes, at most `limit`; costs one statement. Throws {@link LostCursorError}. */
  async read(limit: number): Promise<ChangePage> {
    const isLastBatch = this.beginLastBatch();
    const { position } = this;
    const rows = await this.select(limit);
    const [log] = rows;
    if (log === undefined || log.log_id !== position.logId) throw new LostCursorError("other-log");
    if (BigInt(log.dropped_tx) >= position.seen.xmin) throw new LostCursorError("expired");
    const found = rows.filter((row): row is PositionRow & ChangeRow => row.seq !== null);
    const upTo = position.batch?.upTo ?? readLogSnapshot(log);
    const changes = found.map((row) => this.take(row, upTo));
    const hasMore = found.length === limit;
    if (!hasMore) this.endBatch(upTo, widenXid(log.next_xid, readSnapshot(log.snapshot)));
    return { changes, hasMore: hasMore || (position.batch !== null && !isLastBatch) };
  }

  /**
   * Begins the last batch if the reader has an end, up to which that batch goes. Returns `true` while that batch is read.
   */
  private beginLastBatch(): boolean {
    const {
      position,
      bounds: { until },
    } = this;
    if (until === undefined) return false;
    if (position.batch === null) {
      this.position = { ...position, batch: { upTo: until.seen, lastSeq: position.floorSeq } };
    }
    return this.position.batch?.upTo === until.seen;
  }

  private select(limit: number): Promise<(PositionRow & (ChangeRow | NoRow))[]> {
    const { seen, batch, floorSeq } = this.position;
    const { vmIds = null } = this.bounds;
    const parameters = new SqlParameters();
    const [seenBy, after, most] = [formatSnapshot(seen), (batch?.lastSeq ?? floorSeq).toString(), limit].map(
      (value) => parameters.add(value),
    );
    const inBatch =
      batch === null
        ? ""
        : `AND pg_visible_in_snapshot(c.tx, ${parameters.add(formatSnapshot(batch.upTo))}::pg_snapshot)`;
    const ofVms = vmIds === null ? "" : `AND c.vm_id = ANY(${parameters.add(vmIds)}::uuid[])`;
    return queryRows(
      this.database,
      `WITH ${LOG_SQL}
       SELECT log.*, ${selectStandbyTxs(`${after}::bigint`)}, c.* FROM log LEFT JOIN LATERAL (
         SELECT c.seq, c.tx, ${roundUpTime("c.at")} AS at,
           ${formatExactTime("c.at")} AS place_at, c.vm_id, c.kinds & ${ALL_KINDS} AS kinds, c.delta, c.last_reported_at
         FROM vnic_graph_change c
         WHERE c.seq > greatest(log.first_seq, ${after}::bigint) AND NOT pg_visible_in_snapshot(c.tx, ${seenBy}::pg_snapshot)
           ${inBatch} ${ofVms}
         ORDER BY c.seq LIMIT ${most}) AS c ON true
       ORDER BY c.seq`,
      parameters.values,
    );
  }

  private take(row: ChangeRow, upTo: Snapshot): LoggedChange {
    const { position } = this;
    const seq = BigInt(row.seq);
    const tx = BigInt(row.tx);
    this.position = {
      ...position,
      batch: { upTo, lastSeq: seq },
      lastTx: tx > position.lastTx ? tx : position.lastTx,
    };
    if (seq > this.lastSeq) this.lastSeq = seq;
    const { at, place_at: exactAt, vm_id: vmId, kinds, delta } = row;
    const lastReportedAt = row.last_reported_at;
    return { cursor: this.position, seq, tx, at, exactAt, vmId, kinds, delta, lastReportedAt };
  }

  /** Ends a batch. All rows of its snapshot were read, so the snapshot becomes `seen`. */
  private endBatch(upTo: Snapshot, nextXid: bigint): void {
    const { logId, lastTx, floorSeq, seen: seenBefore } = this.position;
    // A cursor may come from another server, whose copy is behind the one that gave it.
    const seen = joinSnapshots(seenBefore, limitSnapshot(upTo, lastTx));
    this.marks.push({ nextXid, seq: this.lastSeq });
    let floor = floorSeq;
    while (this.marks[0] !== undefined && this.marks[0].nextXid <= upTo.xmin) {
      const mark = this.marks.shift();
      if (mark !== undefined && mark.seq > floor) floor = mark.seq;
    }
    if (this.marks.length > MAX_MARKS) this.marks.splice(1, 1);
    this.position = { logId, seen, batch: null, lastTx, floorSeq: floor };
  }
}

interface ChangeRow {
  readonly seq: string;
  readonly tx: string;
  readonly at: Date;
  readonly place_at: string;
  readonly vm_id: string;
  readonly kinds: number;
  readonly delta: VmDelta;
  readonly last_reported_at: Date | null;
}

interface NoRow {
  readonly seq: null;
}

/**
 * Limits the number of marks. While some transaction stays open, no later mark can be used, and they would become more and
 * more.
 */
const MAX_MARKS = 1_000;
