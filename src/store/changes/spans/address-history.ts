import { listEquivalentAddresses } from "../../../model/address/cidr.js";
import { listStoredSpellings } from "../../../model/address/ip.js";
import { readInOneState, queryRows, SqlParameters, type Queryable } from "../../postgres/sql.js";
import { createVmScopeSql } from "../../read/conditions/scope.js";
import type { VmScope } from "../../types.js";
import { parseCursor } from "../cursor.js";
import type { AddressSpan, AddressSpansQuestion, SpanPlace } from "../past/history-types.js";
import { readState } from "./span-indexer.js";
import { clipSpans } from "./clip-spans.js";
import type { Span } from "./follow-spans.js";
import { readTail, type Tail } from "./log-tail.js";
import { comparePlaces, formatPlaceKey, getPlace } from "./span-order.js";

/**
 * Reads who had an address, or which addresses a MAC had, the latest span first. `null`: the spans are still being made, or
 * the log is far ahead of them.
 *
 * What is in the index and what is not yet come together to one exact answer: the spans up to the index's place in the log,
 * and the few changes behind it, which are followed here.
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
      // What was the last of the chunk before is read once more.
      const spans = chunk.spans.filter((span) => after === asked.after || isBehind(span, after));
      found.push(...(await clipSpans(state, spans, scope)).filter((span) => isWanted(span, asked)));
      const last = spans.at(-1);
      if (chunk.isLast || last === undefined || found.length >= asked.limit)
        return found.slice(0, asked.limit);
      after = { ...getPlace(last), shownSince: "-infinity" };
    }
  });
}

function isBehind(span: Span, after: SpanPlace | null): boolean {
  return after === null || comparePlaces(getPlace(span), after) < 0;
}

/** Lists the spellings of an address. IPv4 mapped into IPv6 is the same as the IPv4 address. */
function listSpellings(address: string): string[] {
  return [...new Set(listEquivalentAddresses(address).flatMap(listStoredSpellings))];
}

interface Question extends AddressSpansQuestion {
  /** How the address may be stored. */
  readonly spellings: readonly string[] | null;
}

/** Reads the next spans behind a place, with those of the tail of the log in their places. */
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
      (question.after === null || comparePlaces(getPlace(span), question.after) <= 0) &&
      (end == null || comparePlaces(getPlace(span), getPlace(end)) > 0),
  );
  const patched = stored.map((span): Span => {
    const until = span.until === null ? ends.get(formatPlaceKey(span)) : undefined;
    return until === undefined ? span : { ...span, until };
  });
  const spans = [...patched, ...fresh].sort((left, right) => comparePlaces(getPlace(right), getPlace(left)));
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
     ORDER BY held.since DESC, held.since_seq DESC, ${PLACE_KEY} DESC LIMIT ${parameters.add(limit)}`,
    parameters.values,
  );
  return rows.map((row) => ({ ...row, sinceSeq: BigInt(row.sinceSeq) }));
}

/** Builds the condition of spans behind a place. Its first part is there for the index. */
function listAfter({ since, seq, key }: SpanPlace, parameters: SqlParameters): string[] {
  const [at, nth, last] = [parameters.add(since), parameters.add(seq), parameters.add(key)];
  return [
    `held.since <= ${at}::timestamptz`,
    `(held.since, held.since_seq, ${PLACE_KEY}) <= (${at}::timestamptz, ${nth}::bigint, ${last}::text)`,
  ];
}

type StoredSpan = Omit<Span, "sinceSeq"> & { readonly sinceSeq: string };

/**
 * Returns `true` if a span is in the period that is asked for, and behind the place. Of the span at the place, parts
 * may be left.
 */
function isWanted(span: AddressSpan, { from, to, after }: AddressSpansQuestion): boolean {
  const isAfter =
    after === null || comparePlaces(span.place, after) < 0 || isEarlier(span.since, after.shownSince);
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

/** The same text as {@link formatPlaceKey} makes. */
const PLACE_KEY = `(held.vm_id::text || '|' || held.address || '|' || coalesce(held.mac, '') || '|' || coalesce(held.device, ''))`;

/** Read beyond the page, for those that turn out not to belong to it. */
const CHUNK = 20;
