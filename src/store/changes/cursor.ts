import { formatSnapshot, isSeen, parseSnapshot, type Snapshot } from "./snapshot.js";

/**
 * Marks how far a reader has read the log. It holds all that is needed to continue, so that any replica can do so.
 *
 * The next rows are those whose transaction is not in `seen`, in the order of `seq`. A reader gets them in batches. In the
 * middle of a batch, `batch` holds the snapshot up to which the batch goes, and the `seq` of its last row that was read.
 */
export interface LogCursor {
  /** Identifies the log. Another cluster, a copy that took over, or recreated tables are another log. */
  readonly logId: string;
  readonly seen: Snapshot;
  readonly batch: { readonly upTo: Snapshot; readonly lastSeq: bigint } | null;
  /** The highest number of a transaction of which the reader got rows. */
  readonly lastTx: bigint;
  /** A lower bound: every row that is still to come has a higher `seq`. */
  readonly floorSeq: bigint;
}

/** The text is not a cursor that {@link formatCursor} made. */
export class MalformedCursorError extends Error {
  override readonly name = "MalformedCursorError";
}

/** Returns `true` if a reader at this cursor has read the row with this transaction and `seq`. */
export function hasRead(
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

/** Parses the text of a cursor; throws {@link MalformedCursorError}. */
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

/** A cursor with two snapshots of fifteen hundred running transactions each has 44 kB, with numbers of ten digits. */
const MAX_LENGTH = 65_536;
