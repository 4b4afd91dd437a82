import type { DataSource } from "typeorm";
import { executeIn, execute, runInTransaction, queryRows } from "../postgres/sql.js";
import type { ConfiguredHost, DroppedHost } from "../types.js";
import { insertHosts } from "./host-writes.js";

/**
 * A gateway in the list of gateways, which decides which hosts are polled: those that the settings of running gateways
 * name, and those that were added while running.
 * 1. A gateway that starts writes a lease (`vnic_graph_gateway`) and the hosts of its settings.
 * 2. Its heartbeat renews the lease every few seconds.
 * 3. From time to time every polling gateway makes `vnic_graph_host.active` equal to the union (`createReconciler`).
 *
 * So the start of one gateway does not drop hosts that another gateway's settings name. A host is dropped soon after the last
 * lease that names it has ended: {@link LEASE_MS} after a crash, {@link RELEASED_MS} after a clean stop, or at once when
 * the same gateway starts again without the host.
 */
export interface GatewayIdentity {
  /** A new random id at each start. */
  readonly id: string;
  /** The same before and after a restart of the gateway. */
  readonly name: string;
}

/** Writes a gateway's lease and the hosts in its settings. Returns the hosts that no gateway's settings name any more. */
export async function registerGateway(
  dataSource: DataSource,
  gateway: GatewayIdentity,
  hosts: readonly ConfiguredHost[],
  intervalMs: number | null,
): Promise<DroppedHost[]> {
  const ids = hosts.map((host) => host.id);
  // A process that polls on request only makes hosts known. It adds none to the list and drops none.
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
    return intervalMs === null ? [] : queryRows<DroppedHost>(queryRunner, RECONCILE, [[]]);
  });
}

/** Renews a gateway's lease. `false`: the lease is gone, and the gateway must register again. */
export async function renewGateway(dataSource: DataSource, gatewayId: string): Promise<boolean> {
  // A heartbeat may be lost in a crash of PostgreSQL, like the success of a pass.
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
 * Creates the function that makes each host polled or not, as the leases say. It writes nothing if the stored list is right,
 * and returns the hosts that were dropped. If no settings name any host, none is dropped. Locked rows are left for the next
 * time.
 *
 * A lease counts until it was found to have ended by two calls in a row. When the database's clock is set forward, or after
 * the database was away for long, the leases of living gateways have ended, too, until their next heartbeats. The calls must
 * be further apart than heartbeats.
 */
export function createReconciler(dataSource: DataSource): () => Promise<DroppedHost[]> {
  let endedBefore: ReadonlySet<string> = new Set();
  return async () => {
    const rows = await queryRows<{ id: string }>(dataSource, FIND_ENDED);
    const ended = rows.map(({ id }) => id);
    const dropped = await queryRows<DroppedHost>(dataSource, RECONCILE, [
      ended.filter((id) => endedBefore.has(id)),
    ]);
    endedBefore = new Set(ended);
    return dropped;
  };
}

/**
 * Computes how long other gateways respect the claims of a gateway without heartbeats. A quarter of an interval is short
 * enough: if a gateway crashes during its passes, others still write its hosts within three intervals.
 */
export function computeAliveMs(intervalMs: number | null): number {
  return Math.min(LONGEST_ALIVE_MS, Math.max(SHORTEST_ALIVE_MS, (intervalMs ?? Infinity) / 4));
}

const SHORTEST_ALIVE_MS = 1_000;
const LONGEST_ALIVE_MS = 5_000;

/** SQL for {@link computeAliveMs}, with the interval of the row. */
const ALIVE_MS_OF_ROW = `least(${LONGEST_ALIVE_MS}, greatest(${SHORTEST_ALIVE_MS}, coalesce(interval_ms / 4, ${LONGEST_ALIVE_MS})))`;

/**
 * How long the others poll the hosts of a crashed gateway. That is enough time to notice the crash and to start it again.
 */
const LEASE_MS = 600_000;

/** How long the others poll the hosts of a gateway that stopped cleanly. A restart takes less time. */
const RELEASED_MS = 60_000;

/** If another gateway takes the same name, the first one must show within this time that it is alive. */
const SUCCESSOR_MS = 30_000;

/**
 * Writes the lease of a gateway that starts:
 * 1. delete leases that have ended if they name no hosts or have so for a day, and an earlier lease with the same name if its
 *    gateway is dead;
 * 2. end the claims of another gateway with the same name that may be alive; its list of hosts ends soon, unless its
 *    heartbeat renews it;
 * 3. write our own lease.
 */
const WRITE_LEASE = `WITH ended AS (DELETE FROM vnic_graph_gateway
    WHERE gateway_id <> $1 AND alive_until <= now()
      AND (name = $2 OR interval_ms IS NULL AND leased_until <= now() OR leased_until <= now() - interval '1 day')),
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

/** Adds hosts to the list. The reconciliation writes their intervals. */
const ADD_TO_LIST = `INSERT INTO vnic_graph_host (host_id)
SELECT id FROM unnest($1::uuid[]) AS g(id) ORDER BY id ON CONFLICT (host_id) DO NOTHING`;

/** Makes hosts known that are polled on request only: they have no interval, unless `addHost` added them. */
const POLL_ON_REQUEST = `WITH dropped AS (SELECT h.host_id FROM vnic_graph_host h
    WHERE h.host_id = ANY($1::uuid[]) AND NOT h.active ORDER BY h.host_id FOR NO KEY UPDATE OF h SKIP LOCKED),
  known AS (UPDATE vnic_graph_host h SET active = true, from_settings = true, interval_ms = NULL FROM dropped
    WHERE h.host_id = dropped.host_id)
${ADD_TO_LIST}`;

const FIND_ENDED = "SELECT gateway_id AS id FROM vnic_graph_gateway WHERE leased_until <= now()";

/**
 * Reconciles the list, and deletes those of the given leases that have ended. All others count. A lease that ends later than any heartbeat would set it is from before the clock was set back. It is
 * shortened, so that a gateway that crashed then is not taken to be alive for as long as that step. A host that was added while running stays on it, even after settings named it and do not any more.
 */
const RECONCILE = `WITH stepped AS (
  UPDATE vnic_graph_gateway SET alive_until = least(alive_until, now() + ${LONGEST_ALIVE_MS} * interval '1 ms'),
    leased_until = least(leased_until, now() + ${LEASE_MS} * interval '1 ms')
  WHERE alive_until > now() + ${LONGEST_ALIVE_MS} * interval '1 ms' OR leased_until > now() + ${LEASE_MS} * interval '1 ms'
), ended AS (
  DELETE FROM vnic_graph_gateway WHERE gateway_id IN (SELECT gateway_id FROM vnic_graph_gateway
    WHERE gateway_id = ANY($1::uuid[]) AND leased_until <= now() AND alive_until <= now() ORDER BY gateway_id FOR UPDATE SKIP LOCKED)
), named AS (
  SELECT l.host_id, min(g.interval_ms) AS interval_ms
  FROM vnic_graph_gateway_host l JOIN vnic_graph_gateway g ON g.gateway_id = l.gateway_id
  WHERE (g.leased_until > now() OR g.gateway_id <> ALL($1::uuid[])) AND g.interval_ms IS NOT NULL GROUP BY l.host_id
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
