import type { DataSource, QueryRunner } from "typeorm";
import { executeIn, execute, runInTransaction, queryRows } from "../postgres/sql.js";
import type { ConfiguredHost, DroppedHost } from "../types.js";
import { insertHosts } from "./host-writes.js";

/**
 * Which hosts are polled. They are all that the settings of running gateways name, and the hosts that were added while
 * running.
 *
 * 1. A gateway that starts writes a lease (`vnic_graph_gateway`) and the hosts of its settings.
 * 2. Its heartbeat renews the lease every few seconds.
 * 3. Every polling gateway makes `vnic_graph_host.active` equal to the union now and then (`reconcileHosts`).
 *
 * So nobody's start ends what another gateway's settings name. A host is dropped when the last lease that names it has
 * ended: {@link LEASE_MS} after a crash, {@link RELEASED_MS} after a clean stop, at once when the same gateway starts again
 * without it.
 */
export interface GatewayIdentity {
  /** Made at random at each start. */
  readonly id: string;
  /** Equal for the same gateway before and after a restart. */
  readonly name: string;
}

/** Writes a gateway's lease and the hosts that its settings name. Returns the hosts that nobody names any more. */
export async function registerGateway(
  dataSource: DataSource,
  gateway: GatewayIdentity,
  hosts: readonly ConfiguredHost[],
  intervalMs: number | null,
): Promise<DroppedHost[]> {
  const ids = hosts.map((host) => host.id);
  // A process that polls nothing by itself makes hosts known, but puts none on the list and drops none.
  const listed = intervalMs === null ? [] : ids;
  return runInTransaction(dataSource, async (queryRunner) => {
    await insertHosts(queryRunner, hosts);
    await executeIn(queryRunner, WRITE_LEASE, [
      gateway.id,
      gateway.name,
      intervalMs,
      computeAliveMs(intervalMs),
      LEASE_MS,
      SUCCESSOR_MS,
    ]);
    await executeIn(queryRunner, WRITE_LIST, [gateway.id, listed]);
    await executeIn(queryRunner, intervalMs === null ? POLL_ON_REQUEST : ADD_TO_LIST, [ids]);
    return intervalMs === null ? [] : reconcileHosts(queryRunner);
  });
}

/** Renews a gateway's lease. `false`: the lease is gone, and the gateway must register again. */
export async function renewGateway(dataSource: DataSource, gatewayId: string): Promise<boolean> {
  // Like the success of a pass, a heartbeat need not outlive a crash of PostgreSQL.
  const renewed = await execute(
    dataSource,
    `UPDATE vnic_graph_gateway SET alive_until = now() + ${ALIVE_MS_OF_ROW} * interval '1 ms',
       leased_until = now() + $2 * interval '1 ms'
     WHERE gateway_id = $1 AND set_config('synchronous_commit', 'off', true) = 'off'`,
    [gatewayId, LEASE_MS],
  );
  return renewed === 1;
}

/** Ends a gateway's claims at once, and its list of hosts after the time that a restart takes. */
export async function releaseGateway(dataSource: DataSource, gatewayId: string): Promise<void> {
  await execute(
    dataSource,
    `UPDATE vnic_graph_gateway SET alive_until = now(), leased_until = least(leased_until, now() + $2 * interval '1 ms')
     WHERE gateway_id = $1`,
    [gatewayId, RELEASED_MS],
  );
}

/**
 * Makes each host polled or not, as the leases say; writes nothing when they say what is stored already. Returns the hosts
 * that were dropped. While no settings name any host at all, nothing is dropped. Locked rows are left for the next time.
 */
export async function reconcileHosts(database: DataSource | QueryRunner): Promise<DroppedHost[]> {
  return queryRows<DroppedHost>(database, RECONCILE);
}

/**
 * Computes how long other gateways respect the claims of a silent one. It is a quarter of an interval, so that the
 * hosts of one that crashed in the middle of its passes are still written within three intervals.
 */
export function computeAliveMs(intervalMs: number | null): number {
  return Math.min(LONGEST_ALIVE_MS, Math.max(SHORTEST_ALIVE_MS, (intervalMs ?? Infinity) / 4));
}

const SHORTEST_ALIVE_MS = 1_000;
const LONGEST_ALIVE_MS = 5_000;

/** The same as {@link computeAliveMs}, by the row's own interval. */
const ALIVE_MS_OF_ROW = `least(${LONGEST_ALIVE_MS}, greatest(${SHORTEST_ALIVE_MS}, coalesce(interval_ms / 4, ${LONGEST_ALIVE_MS})))`;

/** How long the others poll the hosts of a gateway that crashed. It is enough to notice, and to start it again. */
const LEASE_MS = 600_000;

/** The hosts of a gateway that stopped cleanly are polled for this long: a restart takes less. */
const RELEASED_MS = 60_000;

/** A gateway whose name another one has taken must show within this time that it lives. */
const SUCCESSOR_MS = 30_000;

/**
 * 1. Leases that have ended go, and so does that of a former self that is known to be dead.
 * 2. A namesake that may be alive loses its claims; its list ends soon, unless its heartbeat renews it.
 * 3. Our own lease is written.
 */
const WRITE_LEASE = `WITH ended AS (DELETE FROM vnic_graph_gateway
    WHERE gateway_id <> $1 AND alive_until <= now() AND (leased_until <= now() OR name = $2)),
  namesake AS (UPDATE vnic_graph_gateway SET alive_until = now(),
      leased_until = least(leased_until, now() + $6::int * interval '1 ms')
    WHERE gateway_id <> $1 AND alive_until > now() AND name = $2)
INSERT INTO vnic_graph_gateway (gateway_id, name, interval_ms, alive_until, leased_until)
VALUES ($1, $2, $3, now() + $4::int * interval '1 ms', now() + $5::int * interval '1 ms')
ON CONFLICT (gateway_id) DO UPDATE SET name = excluded.name, interval_ms = excluded.interval_ms,
  alive_until = excluded.alive_until, leased_until = excluded.leased_until`;

const WRITE_LIST = `WITH gone AS (DELETE FROM vnic_graph_gateway_host WHERE gateway_id = $1 AND host_id <> ALL($2::uuid[]))
INSERT INTO vnic_graph_gateway_host (gateway_id, host_id)
SELECT $1, id FROM unnest($2::uuid[]) AS g(id) ON CONFLICT DO NOTHING`;

/** The interval comes with the reconciliation. */
const ADD_TO_LIST = `INSERT INTO vnic_graph_host (host_id)
SELECT id FROM unnest($1::uuid[]) AS g(id) ORDER BY id ON CONFLICT (host_id) DO NOTHING`;

/** A host without an interval that no `addHost` added is on no list: gateways poll it on request alone. */
const POLL_ON_REQUEST = `WITH dropped AS (SELECT h.host_id FROM vnic_graph_host h
    WHERE h.host_id = ANY($1::uuid[]) AND NOT h.active ORDER BY h.host_id FOR NO KEY UPDATE OF h SKIP LOCKED),
  known AS (UPDATE vnic_graph_host h SET active = true, from_settings = true, interval_ms = NULL FROM dropped
    WHERE h.host_id = dropped.host_id)
${ADD_TO_LIST}`;

/** A host that was added while running stays so when settings name it too, and outlives them. */
const RECONCILE = `WITH named AS (
  SELECT l.host_id, min(g.interval_ms) AS interval_ms
  FROM vnic_graph_gateway_host l JOIN vnic_graph_gateway g ON g.gateway_id = l.gateway_id
  WHERE g.leased_until > now() AND g.interval_ms IS NOT NULL GROUP BY l.host_id
), due AS (
  SELECT h.host_id, n.host_id IS NOT NULL AS is_named, n.interval_ms
  FROM vnic_graph_host h LEFT JOIN named n ON n.host_id = h.host_id
  WHERE n.host_id IS NOT NULL AND (NOT h.active OR h.interval_ms IS DISTINCT FROM n.interval_ms)
    OR n.host_id IS NULL AND h.active AND h.from_settings AND h.interval_ms IS NOT NULL AND EXISTS (SELECT FROM named)
  ORDER BY h.host_id FOR NO KEY UPDATE OF h SKIP LOCKED
), changed AS (
  UPDATE vnic_graph_host h SET active = due.is_named, interval_ms = coalesce(due.interval_ms, h.interval_ms),
    from_settings = h.from_settings OR NOT h.active, epoch = h.epoch + CASE WHEN due.is_named THEN 0 ELSE 1 END
  FROM due WHERE h.host_id = due.host_id RETURNING h.host_id, due.is_named
)
SELECT c.host_id AS id, s.vds_name AS name FROM changed c JOIN vds_static s ON s.vds_id = c.host_id
WHERE NOT c.is_named ORDER BY s.vds_name`;
