import { expect, test } from "vitest";
import { formatCursor, parseCursor } from "../../../src/store/changes/cursor.js";
import { MOST_NUMBERS } from "../../../src/store/changes/log-identity.js";
import {
  completeSnapshot,
  isSeen,
  joinSnapshots,
  type Snapshot,
} from "../../../src/store/changes/snapshot.js";

const FIRST = 9_000_000_000n;

/** A snapshot that leaves out every second transaction, as many as one of a standby may leave out. */
function leaveOutMost(from: bigint): Snapshot {
  const seen = Array.from({ length: MOST_NUMBERS }, (_, at) => from + 1n + 2n * BigInt(at));
  return completeSnapshot({ xmin: from, xmax: from, underWay: [] }, seen, MOST_NUMBERS)!;
}

test("a cursor in the middle of a batch that leaves out as many transactions as it may is read again", () => {
  const [seen, upTo] = [leaveOutMost(FIRST), leaveOutMost(FIRST + 100_000n)];
  const cursor = {
    ...{ logId: "0123456789ab", seen, batch: { upTo, lastSeq: 9_000_000_000n } },
    ...{ lastTx: FIRST, floorSeq: FIRST },
  };
  expect(seen.underWay).toHaveLength(MOST_NUMBERS);
  expect(parseCursor(formatCursor(cursor))).toEqual(cursor);
});

test("joined snapshots hold what either of them holds, and nothing else", () => {
  const one = { xmin: 5n, xmax: 12n, underWay: [5n, 7n, 9n] };
  const other = { xmin: 7n, xmax: 20n, underWay: [7n, 10n, 15n] };
  const numbers = Array.from({ length: 25 }, (_, at) => BigInt(at));
  for (const joined of [joinSnapshots(one, other), joinSnapshots(other, one)]) {
    expect(numbers.filter((tx) => isSeen(joined, tx))).toEqual(
      numbers.filter((tx) => isSeen(one, tx) || isSeen(other, tx)),
    );
  }
});
