import type { QueryRunner } from "typeorm";
import { executeIn } from "../../postgres/sql.js";
import { sendRows } from "../../write/send-rows.js";
import type { Span, SpanEnd } from "./follow-spans.js";

/** Writes spans. */
export async function insertSpans(queryRunner: QueryRunner, spans: readonly Span[]): Promise<void> {
  if (spans.length === 0) return;
  const { source, parameters } = sendRows(spans, {
    since: ["timestamptz", ({ since }) => since?.toISOString() ?? "-infinity"],
    until: ["timestamptz", ({ until }) => until?.toISOString() ?? "infinity"],
    since_seq: ["bigint", ({ sinceSeq }) => sinceSeq.toString()],
    vm_id: ["uuid", ({ vmId }) => vmId],
    address: ["text", ({ address }) => address],
    mac: ["text", ({ mac }) => mac],
    device: ["text", ({ device }) => device],
  });
  await executeIn(
    queryRunner,
    `INSERT INTO vnic_graph_address_span (since, until, since_seq, vm_id, address, mac, device)
     SELECT since, until, since_seq, vm_id, address, mac, device FROM ${source}`,
    parameters,
  );
}

/** Ends spans that are open. */
export async function endSpans(queryRunner: QueryRunner, ends: readonly SpanEnd[]): Promise<void> {
  if (ends.length === 0) return;
  const { source, parameters } = sendRows(ends, {
    until: ["timestamptz", ({ until }) => until.toISOString()],
    vm_id: ["uuid", ({ vmId }) => vmId],
    address: ["text", ({ address }) => address],
    mac: ["text", ({ mac }) => mac],
    device: ["text", ({ device }) => device],
  });
  await executeIn(
    queryRunner,
    `UPDATE vnic_graph_address_span s SET until = g.until FROM ${source}
     WHERE s.vm_id = g.vm_id AND s.until = 'infinity' AND s.address = g.address
       AND s.mac IS NOT DISTINCT FROM g.mac AND s.device IS NOT DISTINCT FROM g.device`,
    parameters,
  );
}
