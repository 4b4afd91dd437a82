import { formatSnapshot, isSeen, parseSnapshot, type Snapshot } from "./snapshot.js";

/**
 * A place in the log: what a reader has got so far. It says so by itself, so any replica can go on from it.
 *
 * The rows that come next are those whose transaction `seen` does not hold, in the order of `seq`. A reader gets them in
 * batches. In the middle of one, `batch` tells which snapshot the batch goes up to, and the last row that was got of it.
 */
export interface LogCursor {
  /** Which log it is of: another cluster, a copy that took over, or tables made anew are another log. */
  readonly logId: string;
  readonly seen: Snapshot;
  readonly batch: { readonly upTo: Snapshot; readonly lastSeq: bigint } | null;
  /** The last transaction of which the reader got rows. */
  readonly lastTx: bigint;
  /** No row that is still to come has a `seq` as low as this. */
  readonly floorSeq: bigint;
}

/** The cursor is no cursor of ours. */
export class MalformedCursorError extends Error {
  override readonly name = "MalformedCursorError";
}

/** Returns `true` if a reader at this cursor has got the row with this transaction and `seq`. */
export function hasGot(
  { seen, batch }: LogCursor,
  { tx, seq }: { readonly tx: bigint; readonly seq: bigint },
): boolean {
  return isSeen(seen, tx) || (batch !== null && isSeen(batch.upTo, tx) && seq <= batch.lastSeq);
}

/** Formats the cursor as an opaque text of URL-safe characters. */
export function formatCursor({ logId, seen, batch, lastTx, floorSeq }: LogCursor): string {
  const parts = [VERSION, logId, lastTx, floorSeq, formatSnapshot(seen)];
  if (batch !== null) parts.push(formatSnapshot(batch.upTo), batch.lastSeq);
  return Buffer.from(parts.join(" ")).toString("base64url");
}

/** Reads the text of a cursor; throws {@link MalformedCursorError}. */
export function parseCursor(text: string): LogCursor {
  if (text.length > MAX_LENGTH) throw new MalformedCursorError("the cursor is too long");
  const parts = Buffer.from(text, "base64url").toString("latin1").split(" ");
  const [version, logId = "", lastTx = "", floorSeq = "", seenText = "", upToText, lastSeq] = parts;
  const seen = parseSnapshot(seenText);
  const upTo = upToText === undefined ? null : parseSnapshot(upToText);
  const isBatch = parts.length === 7 && upTo !== null && NUMBER.test(lastSeq ?? "");
  const isOurs = version === VERSION && LOG_ID.test(logId) && NUMBER.test(lastTx) && NUMBER.test(floorSeq);
  if (!isOurs || seen === null || (parts.length !== 5 && !isBatch)) {
    throw new MalformedCursorError("the cursor is not one that this gateway gave");
  }
  return {
    logId,
    seen,
    batch: upTo === null ? null : { upTo, lastSeq: BigInt(lastSeq ?? "0") },
    lastTx: BigInt(lastTx),
    floorSeq: BigInt(floorSeq),
  };
}

const VERSION = "1";
const LOG_ID = /^[0-9a-f]{12}$/;
const NUMBER = /^\d{1,18}$/;

/** A thousand transactions under way, twice, are 40 kB. */
const MAX_LENGTH = 65_536;
