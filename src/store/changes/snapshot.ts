/**
 * Which transactions a reader of the log has seen, as PostgreSQL's `pg_snapshot` tells. It has seen all below `xmax`
 * except those listed, which were under way. `xmin` is the first of these, or `xmax`.
 */
export interface Snapshot {
  readonly xmin: bigint;
  readonly xmax: bigint;
  /** In ascending order. */
  readonly underWay: readonly bigint[];
}

/** Reads PostgreSQL's text of a snapshot, `xmin:xmax:a,b,c`; `null` if it is none. */
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

/** Returns `true` if the snapshot holds the transaction, as `pg_visible_in_snapshot` tells. */
export function isSeen({ xmin, xmax, underWay }: Snapshot, tx: bigint): boolean {
  return tx < xmin || (tx < xmax && !underWay.includes(tx));
}

/** Formats a snapshot as PostgreSQL does. */
export function formatSnapshot({ xmin, xmax, underWay }: Snapshot): string {
  return `${xmin}:${xmax}:${underWay.join(",")}`;
}

/**
 * Takes back that transactions after `lastTx` were seen; `lastTx` is the last one of which the reader got rows.
 *
 * A crash of PostgreSQL may forget transactions that nobody waited for, and give their numbers away again. What it gives
 * away is always above the last number that came with a row, because that row's commit was on disk. So a number above it
 * must count as not seen; it had no rows at the time, and loses nothing by that.
 */
export function limitSnapshot({ xmin, xmax, underWay }: Snapshot, lastTx: bigint): Snapshot {
  const limit = lastTx + 1n;
  if (xmax <= limit) return { xmin, xmax, underWay };
  const left = underWay.filter((xid) => xid < limit);
  return { xmin: left[0] ?? limit, xmax: limit, underWay: left };
}

/**
 * Computes the number of the next transaction from its lower half. A snapshot's `xmax` is not it: transactions above may
 * have begun, only none of them has ended.
 */
export function widenXid(lowerHalf: number, { xmax }: Snapshot): bigint {
  return xmax + BigInt.asUintN(32, BigInt(lowerHalf) - xmax);
}

/** The largest `xid8`. */
const MAX_XID = 18_446_744_073_709_551_615n;
