import type { DataSource, QueryRunner } from "typeorm";
import { affectedBy, execute, inTransaction } from "../postgres/sql.js";
import type { ConfiguredHost } from "../types.js";

/**
 * Makes the settings' hosts known and polled, and ends the polling of those that settings named before. Settings that
 * name none say nothing: a replica that only reads must not end what others poll.
 */
export async function registerHosts(
  dataSource: DataSource,
  hosts: readonly ConfiguredHost[],
  intervalMs: number | null,
): Promise<void> {
  if (hosts.length === 0) return;
  const ids = hosts.map((host) => host.id);
  await inTransaction(dataSource, async (queryRunner) => {
    await upsertHosts(queryRunner, hosts);
    // Those that come and those that go at once, by id, as passes lock them: so nobody waits for another in a circle.
    await affectedBy(
      queryRunner,
      `SELECT FROM vnic_graph_host WHERE host_id = ANY($1::uuid[]) OR (from_settings AND active)
       ORDER BY host_id FOR NO KEY UPDATE`,
      [ids],
    );
    await startPolling(queryRunner, ids, intervalMs, true);
    await affectedBy(
      queryRunner,
      `UPDATE vnic_graph_host SET active = false, epoch = epoch + 1
       WHERE from_settings AND active AND host_id <> ALL($1::uuid[])`,
      [ids],
    );
  });
}

/** Makes one host known and polled that the settings need not name. */
export async function addHost(
  dataSource: DataSource,
  host: ConfiguredHost,
  intervalMs: number | null,
): Promise<void> {
  await inTransaction(dataSource, async (queryRunner) => {
    await upsertHosts(queryRunner, [host]);
    await startPolling(queryRunner, [host.id], intervalMs, false);
  });
}

/** Ends the polling of a host, and the right to write of a pass that is under way. `false` if it was not polled. */
export async function removeHost(dataSource: DataSource, hostId: string): Promise<boolean> {
  const removed = await execute(
    dataSource,
    "UPDATE vnic_graph_host SET active = false, epoch = epoch + 1 WHERE host_id = $1 AND active",
    [hostId],
  );
  return removed === 1;
}

/** A host's name for itself. */
export interface HostName {
  readonly hostId: string;
  readonly name: string;
}

/** Stores the names that hosts give themselves; an equal one costs no write. */
export async function renameHosts(
  dataSource: DataSource,
  names: readonly HostName[],
): Promise<ReadonlyMap<string, true>> {
  await execute(
    dataSource,
    `WITH renamed AS (SELECT s.vds_id, g.name FROM vds_static s
         JOIN unnest($1::uuid[], $2::text[]) AS g(id, name) ON s.vds_id = g.id AND s.vds_name <> g.name
       ORDER BY s.vds_id FOR NO KEY UPDATE OF s)
     UPDATE vds_static s SET vds_name = renamed.name FROM renamed WHERE s.vds_id = renamed.vds_id`,
    [names.map(({ hostId }) => hostId), names.map(({ name }) => name)],
  );
  return new Map(names.map(({ hostId }) => [hostId, true]));
}

/** By id, so that two replicas that start together wait for each other and never in a circle. */
async function upsertHosts(queryRunner: QueryRunner, hosts: readonly ConfiguredHost[]): Promise<void> {
  await affectedBy(
    queryRunner,
    `INSERT INTO vds_static AS s (vds_id, vds_name, host_name, port)
     SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int[]) AS g(id, name, host, port) ORDER BY id
     ON CONFLICT (vds_id) DO UPDATE SET host_name = excluded.host_name, port = excluded.port
       WHERE (s.host_name, s.port) IS DISTINCT FROM (excluded.host_name, excluded.port)`,
    [
      hosts.map((host) => host.id),
      hosts.map((host) => host.name),
      hosts.map((host) => host.host),
      hosts.map((host) => host.port),
    ],
  );
}

async function startPolling(
  queryRunner: QueryRunner,
  ids: readonly string[],
  intervalMs: number | null,
  fromSettings: boolean,
): Promise<void> {
  // A process that does not poll, and so has no interval, must not hide that those who should are overdue.
  // What was added while running stays so when settings name it too, and outlives them.
  await affectedBy(
    queryRunner,
    `INSERT INTO vnic_graph_host AS h (host_id, interval_ms, from_settings)
     SELECT id, $2, $3 FROM unnest($1::uuid[]) AS g(id) ORDER BY id
     ON CONFLICT (host_id) DO UPDATE SET active = true, interval_ms = coalesce(excluded.interval_ms, h.interval_ms),
         from_settings = h.from_settings AND excluded.from_settings
       WHERE (h.active, h.interval_ms, h.from_settings)
         IS DISTINCT FROM (true, coalesce(excluded.interval_ms, h.interval_ms), h.from_settings AND excluded.from_settings)`,
    [ids, intervalMs, fromSettings],
  );
}
