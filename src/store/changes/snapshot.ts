/**
 * The set of transactions that a reader of the log has seen, as PostgreSQL's `pg_snapshot`. It holds all numbers below
 * `xmax` except those in `underWay`, which were still running. `xmin` is the first of these, or `xmax`.
 */
export interface Snapshot {
  readonly xmin: bigint;
  readonly xmax: bigint;
  /** In ascending order. */
  readonly underWay: readonly bigint[];
}

/** Parses PostgreSQL's text of a snapshot, `xmin:xmax:a,b,c`; `null` if it is none. */
export function parseSnapshot(text: string): Snapshot | null {
  const match = /^(\d{1,20}):(\d{1,20}):((?:\d{1,20}(?:,\d{1,20})*)?)$/.exec(text);
  if (match === null) return null;
  const [, xmin = "", xmax = "", list = ""] = match;
  const underWay = list === "" ? [] : list.split(",").map(BigInt);
  const snapshot = { xmin: BigInt(xmin), xmax: BigInt(xmax), underWay };
  const isOrdered = underWay.every(
    (xid, index) => xid >= snapshot.xmin && xid < snapshot.xmax && xid > (underWay[index - 1] ?? -1n),
  );
  return snapshot.xmin > 0n && snapshot.xmin <= snapshot.xmax && snapshot.xmax <= MAX_XID && isOrdered
    ? snapshot
    : null;
}

/** Returns `true` if the snapshot holds the transaction, as `pg_visible_in_snapshot` does. */
export function isSeen({ xmin, xmax, underWay }: Snapshot, tx: bigint): boolean {
  return tx < xmin || (tx < xmax && !underWay.includes(tx));
}

/** Formats a snapshot as PostgreSQL does. */
export function formatSnapshot({ xmin, xmax, underWay }: Snapshot): string {
  return `${xmin}:${xmax}:${underWay.join(",")}`;
}

/**
 * Removes the transactions after `lastTx` from a snapshot. `lastTx` is the last transaction of which the reader got rows.
 *
 * A crash of PostgreSQL may forget transactions that nobody waited for, and use their numbers again. Such a number is
 * always above the last one that came with a row, because that row's commit was on disk. So a higher number must count as
 * not seen. Nothing is read twice, because the forgotten transaction had no rows.
 */
export function limitSnapshot({ xmin, xmax, underWay }: Snapshot, lastTx: bigint): Snapshot {
  const limit = lastTx + 1n;
  if (xmax <= limit) return { xmin, xmax, underWay };
  const left = underWay.filter((xid) => xid < limit);
  return { xmin: left[0] ?? limit, xmax: limit, underWay: left };
}

/**
 * Computes the number of the next transaction from its lower half. A snapshot's `xmax` is not that number: later
 * transactions may have begun, although none of them has ended.
 */
export function widenXid(lowerHalf: number, { xmax }: Snapshot): bigint {
  return xmax + BigInt.asUintN(32, BigInt(lowerHalf) - xmax);
}

/** The largest `xid8`. */
const MAX_XID = 18_446_744_073_709_551_615n;
