import { compareByBytes } from "../../../model/compare-by-name.js";
import type { SpanPosition } from "../past/history-types.js";
import type { Span } from "./follow-spans.js";

/** The position of a span in a list whose latest span comes first. */
export type Position = Pick<SpanPosition, "since" | "seq" | "key">;

/** Returns the position of a span. */
export function getPosition(span: Span): Position {
  return {
    since: span.since?.toISOString() ?? "-infinity",
    seq: span.sinceSeq.toString(),
    key: formatPositionKey(span),
  };
}

/** Formats a key that differs for each span that one change began. */
export function formatPositionKey({
  vmId,
  address,
  mac,
  device,
}: Omit<Span, "since" | "sinceSeq" | "until">): string {
  return `${vmId}|${address}|${mac ?? ""}|${device ?? ""}`;
}

/** Compares two positions: the later one is the greater one. Texts are compared by bytes, as the database does. */
export function comparePositions(left: Position, right: Position): number {
  const [at, otherAt] = [readTime(left.since), readTime(right.since)];
  if (at !== otherAt) return at < otherAt ? -1 : 1;
  const [seq, otherSeq] = [BigInt(left.seq), BigInt(right.seq)];
  if (seq !== otherSeq) return seq < otherSeq ? -1 : 1;
  return compareByBytes(left.key, right.key);
}

function readTime(since: string): number {
  return since === "-infinity" ? Number.NEGATIVE_INFINITY : Date.parse(since);
}
