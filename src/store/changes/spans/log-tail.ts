import { queryRows, type Queryable } from "../../postgres/sql.js";
import type { LogCursor } from "../cursor.js";
import { LOG_SQL } from "../log-identity.js";
import { formatSnapshot } from "../snapshot.js";
import { readAddressChanges } from "./changes-backwards.js";
import { followSpans, type Span } from "./follow-spans.js";
import { formatPositionKey } from "./span-order.js";

/** The effect of the changes that are not in the index yet on the spans that are asked for. */
export interface Tail {
  readonly begun: readonly Span[];
  /** The ends of spans that are open in the index, by {@link formatPositionKey}. */
  readonly ends: ReadonlyMap<string, Date>;
}

/**
 * Follows the changes behind the index's cursor, of those VMs that the address or MAC may concern. Such a VM is found in
 * one of three ways:
 * 1. the text of a change holds the address or the MAC;
 * 2. an interface that is stored now has the MAC;
 * 3. an open span of the index has the MAC.
 *
 * Returns `null` if there are too many changes, or if the cursor is of another log.
 */
export async function readTail(
  database: Queryable,
  cursor: LogCursor,
  spellings: readonly string[] | null,
  macAddress: string | null,
): Promise<Tail | null> {
  const rows = await readTailRows(database, cursor, spellings, macAddress);
  if (rows.length > MAX_TAIL || rows[0]?.logId !== cursor.logId) return null;
  const changes = rows.filter((row) => row.seq !== null);
  const vmIds = [...new Set(changes.filter(({ concerns }) => concerns).map(({ vmId }) => vmId))];
  if (vmIds.length === 0) return { begun: [], ends: new Map() };
  const seqs = new Set(changes.map(({ seq }) => BigInt(seq ?? 0)));
  const oldest = [...seqs].reduce((least, seq) => (seq < least ? seq : least));
  const byVm = await readAddressChanges(
    database,
    vmIds,
    ({ seq }) => seqs.has(seq),
    ({ seq }) => seq < oldest,
  );
  const all = [...byVm].map(([vmId, of]) => followSpans(vmId, of.changes));
  const isAsked = ({ address, mac }: Pick<Span, "address" | "mac">) =>
    (spellings === null || spellings.includes(address)) && (macAddress === null || mac === macAddress);
  return {
    begun: all.flatMap(({ begun }) => begun).filter(isAsked),
    ends: new Map(
      all.flatMap(({ ended }) =>
        ended.filter(isAsked).map((end) => [formatPositionKey(end), end.until] as const),
      ),
    ),
  };
}

interface TailRow {
  readonly logId: string;
  readonly seq: string | null;
  readonly vmId: string;
  readonly concerns: boolean;
}

function readTailRows(
  database: Queryable,
  { seen, batch, floorSeq }: LogCursor,
  spellings: readonly string[] | null,
  macAddress: string | null,
): Promise<TailRow[]> {
  const texts = spellings ?? [macAddress ?? ""];
  const isOpen = `EXISTS (SELECT FROM vnic_graph_address_span s WHERE s.vm_id = c.vm_id AND s.until = 'infinity' AND s.mac = $7)
    OR EXISTS (SELECT FROM vm_guest_agent_interfaces i WHERE i.vm_id = c.vm_id AND i.mac_address = $7)`;
  return queryRows<TailRow>(
    database,
    `WITH ${LOG_SQL}
     SELECT log.log_id AS "logId", c.seq, c.vm_id AS "vmId", c.concerns
     FROM log LEFT JOIN LATERAL (
       SELECT c.seq, c.vm_id,
         EXISTS (SELECT FROM unnest($3::text[]) AS w(word) WHERE strpos(c.delta::text, w.word) > 0)
           OR ($7::text IS NOT NULL AND (${isOpen})) AS concerns
       FROM vnic_graph_change c
       WHERE c.seq > greatest(log.first_seq, $2::bigint) AND NOT pg_visible_in_snapshot(c.tx, $1::pg_snapshot)
         AND NOT ($4::pg_snapshot IS NOT NULL AND pg_visible_in_snapshot(c.tx, $4::pg_snapshot) AND c.seq <= $5::bigint)
       ORDER BY c.seq LIMIT $6) AS c ON true`,
    [
      formatSnapshot(seen),
      floorSeq.toString(),
      texts,
      batch === null ? null : formatSnapshot(batch.upTo),
      batch === null ? null : batch.lastSeq.toString(),
      MAX_TAIL + 1,
      spellings === null ? macAddress : null,
    ],
  );
}

/** Twice the number of changes that the index follows in a step. There are more only if the index does not keep up. */
const MAX_TAIL = 2_000;
