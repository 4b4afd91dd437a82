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

/** Parses PostgreSQL's answer. */
export function readSnapshot(text: string): Snapshot {
  const snapshot = parseSnapshot(text);
  if (snapshot === null) throw new Error(`the database gave "${text}" for a snapshot`);
  return snapshot;
}

/**
 * Completes the snapshot of a standby, whose text leaves out the transactions that were under way. From `xmin` on it holds
 * only those that are known to be seen, because their rows are. Returns `null` if it would leave out more than `most`.
 */
export function completeSnapshot(
  { xmin }: Snapshot,
  seenTxs: readonly bigint[],
  most: number,
): Snapshot | null {
  const seen = new Set(seenTxs);
  const xmax = seenTxs.reduce((highest, tx) => (tx >= highest ? tx + 1n : highest), xmin);
  const underWay: bigint[] = [];
  for (let tx = xmin; tx < xmax; tx += 1n) {
    if (!seen.has(tx) && underWay.push(tx) > most) return null;
  }
  return { xmin: underWay[0] ?? xmax, xmax, underWay };
}

/** Joins two snapshots: the result holds the transactions that either of them holds. */
export function joinSnapshots(one: Snapshot, other: Snapshot): Snapshot {
  const [lower, higher] = one.xmax <= other.xmax ? [one, other] : [other, one];
  const unseen = new Set(lower.underWay);
  const underWay = higher.underWay.filter((tx) => tx >= lower.xmax || unseen.has(tx));
  return { xmin: underWay[0] ?? higher.xmax, xmax: higher.xmax, underWay };
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
