import { listEquivalentAddresses } from "../../../model/address/cidr.js";
import { listStoredSpellings } from "../../../model/address/ip.js";
import { readInOneState, queryRows, SqlParameters, type Queryable } from "../../postgres/sql.js";
import { createVmScopeSql } from "../../read/conditions/scope.js";
import type { VmScope } from "../../types.js";
import { parseCursor } from "../cursor.js";
import type { AddressSpan, AddressSpansQuestion, SpanPosition } from "../past/history-types.js";
import { readState } from "./index-state.js";
import { clipSpans } from "./clip-spans.js";
import type { Span } from "./follow-spans.js";
import { readTail, type Tail } from "./log-tail.js";
import { comparePositions, formatPositionKey, getPosition } from "./span-order.js";

/**
 * Reads who had an address, or which addresses a MAC had, the latest span first. `null`: the index is still being built, or
 * the log is far ahead of it.
 *
 * The answer is exact. It joins the spans of the index with the few changes behind the index's cursor, which are followed
 * here.
 */
export function readAddressSpans(
  database: Queryable,
  asked: AddressSpansQuestion,
  scope: VmScope | null,
): Promise<AddressSpan[] | null> {
  return readInOneState(database, async (state) => {
    const index = await readState(state);
    if (index.cursor === null || !index.isBuilt) return null;
    const question = {
      ...asked,
      spellings: asked.address === null ? null : listSpellings(asked.address),
    };
    const tail = await readTail(state, parseCursor(index.cursor), question.spellings, asked.macAddress);
    if (tail === null) return null;
    const found: AddressSpan[] = [];
    let { after } = asked;
    for (;;) {
      const chunk = await readChunk(state, { ...question, after }, tail, scope);
      // The chunk begins with the last span of the chunk before, which is left out.
      const spans = chunk.spans.filter((span) => after === asked.after || isBehind(span, after));
      found.push(...(await clipSpans(state, spans, scope)).filter((span) => isWanted(span, asked)));
      const last = spans.at(-1);
      if (chunk.isLast || last === undefined || found.length >= asked.limit)
        return found.slice(0, asked.limit);
      after = { ...getPosition(last), shownSince: "-infinity" };
    }
  });
}

function isBehind(span: Span, after: SpanPosition | null): boolean {
  return after === null || comparePositions(getPosition(span), after) < 0;
}

/** Lists all texts by which an address may be stored. An IPv4 address that is mapped into IPv6 equals the IPv4 address. */
function listSpellings(address: string): string[] {
  return [...new Set(listEquivalentAddresses(address).flatMap(listStoredSpellings))];
}

interface Question extends AddressSpansQuestion {
  /** All texts by which the address may be stored. */
  readonly spellings: readonly string[] | null;
}

/** Reads the next spans behind a position, and merges those of the tail of the log into them. */
async function readChunk(
  database: Queryable,
  question: Question,
  { begun, ends }: Tail,
  scope: VmScope | null,
): Promise<{ readonly spans: readonly Span[]; readonly isLast: boolean }> {
  const limit = question.limit + CHUNK;
  const stored = await readStored(database, question, limit, scope);
  const isLast = stored.length < limit;
  const end = isLast ? null : stored.at(-1);
  const fresh = begun.filter(
    (span) =>
      (question.after === null || comparePositions(getPosition(span), question.after) <= 0) &&
      (end == null || comparePositions(getPosition(span), getPosition(end)) > 0),
  );
  const patched = stored.map((span): Span => {
    const until = span.until === null ? ends.get(formatPositionKey(span)) : undefined;
    return until === undefined ? span : { ...span, until };
  });
  const spans = [...patched, ...fresh].sort((left, right) =>
    comparePositions(getPosition(right), getPosition(left)),
  );
  return { spans, isLast };
}

async function readStored(
  database: Queryable,
  { spellings, macAddress, from, to, after }: Question,
  limit: number,
  scope: VmScope | null,
): Promise<Span[]> {
  const parameters = new SqlParameters();
  const conditions = [
    ...(spellings === null ? [] : [`held.address = ANY(${parameters.add(spellings)}::text[])`]),
    ...(macAddress === null ? [] : [`held.mac = ${parameters.add(macAddress)}::text`]),
    ...(to === null ? [] : [`held.since <= ${parameters.add(to.toISOString())}::timestamptz`]),
    ...(from === null ? [] : [`held.until > ${parameters.add(from.toISOString())}::timestamptz`]),
    ...(after === null ? [] : listAfter(after, parameters)),
    ...(scope === null
      ? []
      : [
          `(NOT EXISTS (SELECT FROM vm_static gone WHERE gone.vm_guid = held.vm_id)
            OR ${createVmScopeSql(scope).hasVm("held.vm_id", parameters)})`,
        ]),
  ];
  const rows = await queryRows<StoredSpan>(
    database,
    `SELECT held.vm_id AS "vmId", held.address, held.device, held.mac, held.since_seq AS "sinceSeq",
       nullif(held.since, '-infinity') AS since, nullif(held.until, 'infinity') AS until
     FROM vnic_graph_address_span held WHERE ${conditions.join(" AND ")}
     ORDER BY held.since DESC, held.since_seq DESC, ${POSITION_KEY} DESC LIMIT ${parameters.add(limit)}`,
    parameters.values,
  );
  return rows.map((row) => ({ ...row, sinceSeq: BigInt(row.sinceSeq) }));
}

/**
 * Builds the conditions of spans at a position or behind it. The first one follows from the second; it lets PostgreSQL use
 * the index.
 */
function listAfter({ since, seq, key }: SpanPosition, parameters: SqlParameters): string[] {
  const [at, nth, last] = [parameters.add(since), parameters.add(seq), parameters.add(key)];
  return [
    `held.since <= ${at}::timestamptz`,
    `(held.since, held.since_seq, ${POSITION_KEY}) <= (${at}::timestamptz, ${nth}::bigint, ${last}::text)`,
  ];
}

type StoredSpan = Omit<Span, "sinceSeq"> & { readonly sinceSeq: string };

/**
 * Returns `true` if a span is in the period that is asked for, and behind the position. A scope may have cut the span at
 * the position into parts, of which some are still to come.
 */
function isWanted(span: AddressSpan, { from, to, after }: AddressSpansQuestion): boolean {
  const isAfter =
    after === null || comparePositions(span.position, after) < 0 || isEarlier(span.since, after.shownSince);
  return (
    isAfter &&
    (from === null || span.until === null || span.until > from) &&
    (to === null || span.since === null || span.since <= to)
  );
}

function isEarlier(since: Date | null, shownSince: string): boolean {
  if (shownSince === "-infinity") return false;
  return since === null || since.getTime() < Date.parse(shownSince);
}

/** SQL for the text that {@link formatPositionKey} makes. */
const POSITION_KEY = `(held.vm_id::text || '|' || held.address || '|' || coalesce(held.mac, '') || '|' || coalesce(held.device, ''))`;

/** The number of spans that are read beyond a page, because some may turn out not to belong to it. */
const CHUNK = 20;
