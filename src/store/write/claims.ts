import type { DataSource } from "typeorm";
import { findSqlState, LOCK_NOT_AVAILABLE } from "../postgres/errors.js";
import { executeReturning, execute, runInTransaction, queryRows } from "../postgres/sql.js";
import type { ClaimAnswer, ClaimOptions } from "../types.js";
import { formatSource, listValues, type SentColumns } from "./send-rows.js";

/** One host that a pass wants to claim. */
export interface ClaimRequest {
  readonly hostId: string;
  readonly options: ClaimOptions;
}

/**
 * Claims hosts for the passes of one gateway: raises each host's epoch by one and notes the attempt. Hosts that are not
 * polled are absent from the result. A claim is deferred, and at most a wish for the next one is written, if
 * 1. another living gateway runs a pass over the host (`busy`);
 * 2. another living gateway was deferred before us and has the next claim (`busy`);
 * 3. a session has locked the row (`locked`), for which the other hosts must not wait; or
 * 4. another gateway has claimed the host last, and a pass over it has just succeeded (`fresh`).
 *
 * Deferrals only save work and give every gateway its turn. The epoch alone keeps the data right.
 */
export async function claimHosts(
  dataSource: DataSource,
  gatewayId: string,
  requests: readonly ClaimRequest[],
): Promise<ReadonlyMap<string, LockedOr<ClaimAnswer>>> {
  const rows = await executeReturning<ClaimRow>(
    dataSource,
    `${CLAIM} SKIP LOCKED${CLAIM_REST}`,
    formatParameters(gatewayId, requests),
  );
  const busy = rows.filter((row) => row.epoch === null && row.busy).map((row) => row.host_id);
  if (busy.length > 0) await execute(dataSource, WANT, [gatewayId, busy, WISH_MS]);
  return new Map(rows.map((row) => [row.host_id, toAnswer(row)]));
}

/**
 * Claims a host whose row was locked, and waits for the lock. Passes that exchange VMs lock a row for milliseconds, one
 * after the other, so that a claim that never waited might never succeed. The wait ends after {@link LOCK_TIMEOUT_MS}, in
 * case a session hangs. Then the host counts as busy and is tried again later.
 */
export async function claimLockedHost(
  dataSource: DataSource,
  gatewayId: string,
  request: ClaimRequest,
): Promise<ClaimAnswer | null> {
  const { hostId } = request;
  try {
    const [row] = await runInTransaction(dataSource, async (queryRunner) => {
      await queryRunner.query("SELECT set_config('lock_timeout', $1, true)", [`${LOCK_TIMEOUT_MS}ms`]);
      return queryRows<ClaimRow>(
        queryRunner,
        `${CLAIM}${CLAIM_REST}`,
        formatParameters(gatewayId, [request]),
      );
    });
    if (row === undefined) return null;
    const answer = toAnswer(row);
    return "deferred" in answer
      ? { hostId, deferred: answer.deferred === "fresh" ? "fresh" : "busy" }
      : answer;
  } catch (error) {
    if (findSqlState(error) === LOCK_NOT_AVAILABLE) return { hostId, deferred: "busy" };
    throw error;
  }
}

const LOCK_TIMEOUT_MS = 1_000;

function formatParameters(gatewayId: string, requests: readonly ClaimRequest[]): unknown[] {
  return [gatewayId, ...listValues(requests, REQUEST_COLUMNS)];
}

/** The values of a request that are sent to a statement. */
const REQUEST_COLUMNS: SentColumns<ClaimRequest> = {
  id: ["uuid", ({ hostId }) => hostId],
  limit_ms: ["float8", ({ options }) => options.limitMs],
  fresh_ms: ["float8", ({ options }) => options.freshMs],
  is_retry: ["boolean", ({ options }) => options.isRetry],
};

/** An answer, or `locked`: a session has locked the host's row. */
export type LockedOr<Answer> = Answer | { readonly hostId: string; readonly deferred: "locked" };

/**
 * Releases claims of this gateway after passes that ended without a write, so that other gateways can claim the hosts. The
 * next pass over each of them then has precedence, whichever gateway runs it.
 */
export async function releaseClaims(
  dataSource: DataSource,
  gatewayId: string,
  hostIds: readonly string[],
): Promise<ReadonlyMap<string, true>> {
  await queryRows(dataSource, RELEASE, [gatewayId, hostIds]);
  return new Map(hostIds.map((hostId) => [hostId, true]));
}

interface ClaimRow {
  readonly host_id: string;
  /** `null`: deferred. */
  readonly epoch: string | null;
  readonly fresh: boolean;
  readonly busy: boolean;
}

function toAnswer({ host_id: hostId, epoch, fresh, busy }: ClaimRow): LockedOr<ClaimAnswer> {
  if (epoch !== null) return { hostId, epoch: BigInt(epoch) };
  return { hostId, deferred: fresh ? "fresh" : busy ? "busy" : "locked" };
}

/** How long a wish holds. A deferred gateway asks again within seconds; one that stops asking must not make others wait. */
const WISH_MS = 10_000;

const IS_FRESH = `(h.claimed_by IS DISTINCT FROM $1 AND h.last_success_at <= now()
  AND h.last_success_at > now() - a.fresh_ms * interval '1 ms')`;

/** A wish does not count against the gateway that still holds the claim, since nobody else could have the next one before. */
const IS_BUSY = `((h.claimed_until > now() AND h.claimed_by IN (SELECT id FROM alive)) IS TRUE
  OR (h.wanted_until > now() AND h.wanted_by IN (SELECT id FROM alive)
    AND (h.claimed_until > now() AND h.claimed_by = $1) IS NOT TRUE) IS TRUE)`;

const CLAIM = `WITH asked AS (
  SELECT * FROM ${formatSource(REQUEST_COLUMNS, 2)}
), alive AS MATERIALIZED (
  SELECT gateway_id AS id FROM vnic_graph_gateway WHERE gateway_id <> $1 AND alive_until > now()
), polled AS (
  SELECT h.host_id, ${IS_FRESH} IS TRUE AS fresh, ${IS_BUSY} AS busy FROM vnic_graph_host h JOIN asked a ON a.id = h.host_id
  WHERE h.active
), mine AS (
  SELECT h.host_id, a.limit_ms, a.is_retry FROM vnic_graph_host h JOIN asked a ON a.id = h.host_id
  WHERE h.host_id IN (SELECT host_id FROM polled WHERE NOT fresh)
    AND NOT ${IS_BUSY}
  ORDER BY h.host_id FOR NO KEY UPDATE OF h`;

const CLAIM_REST = `
), claimed AS (
  UPDATE vnic_graph_host h SET epoch = h.epoch + 1, last_attempt_at = now(), claimed_by = $1,
    claimed_until = now() + m.limit_ms * interval '1 ms', wanted_by = NULL, wanted_until = NULL,
    waiting_since = CASE WHEN m.is_retry THEN coalesce(h.waiting_since, now()) ELSE h.waiting_since END
  FROM mine m WHERE h.host_id = m.host_id RETURNING h.host_id, h.epoch
)
SELECT p.host_id, c.epoch, p.fresh, p.busy FROM polled p LEFT JOIN claimed c ON c.host_id = p.host_id`;

/** The first gateway that wishes gets the next claim. A repeated wish is written only when half of its time is over. */
const WANT = `WITH free AS (
  SELECT h.host_id FROM vnic_graph_host h
  WHERE h.host_id = ANY($2::uuid[]) AND (h.wanted_until IS NULL
    OR h.wanted_until <= now() + CASE WHEN h.wanted_by = $1 THEN $3 / 2 ELSE 0 END * interval '1 ms'
    OR NOT EXISTS (SELECT FROM vnic_graph_gateway g WHERE g.gateway_id = h.wanted_by AND g.alive_until > now()))
  ORDER BY h.host_id FOR NO KEY UPDATE OF h SKIP LOCKED
)
UPDATE vnic_graph_host h SET wanted_by = $1, wanted_until = now() + $3::int * interval '1 ms'
FROM free WHERE h.host_id = free.host_id`;

const RELEASE = `WITH mine AS (SELECT h.host_id FROM vnic_graph_host h
  WHERE h.host_id = ANY($2::uuid[]) AND h.claimed_by = $1 AND h.claimed_until IS NOT NULL
  ORDER BY h.host_id FOR NO KEY UPDATE OF h SKIP LOCKED)
UPDATE vnic_graph_host h SET claimed_until = NULL, waiting_since = coalesce(h.waiting_since, now()) FROM mine WHERE h.host_id = mine.host_id`;
