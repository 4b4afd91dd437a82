import type { DataSource, QueryRunner } from "typeorm";
import { executeIn, execute, runInTransaction } from "../postgres/sql.js";
import type { ConfiguredHost } from "../types.js";
import { sendRows } from "./send-rows.js";

/** Adds a host that no settings name, or polls a removed one again. */
export async function addHost(
  dataSource: DataSource,
  host: ConfiguredHost,
  intervalMs: number | null,
): Promise<void> {
  await runInTransaction(dataSource, async (queryRunner) => {
    await insertHosts(queryRunner, [host]);
    // A process that does not poll has no interval. It must not erase the interval by which a host counts as overdue.
    await executeIn(
      queryRunner,
      `INSERT INTO vnic_graph_host AS h (host_id, interval_ms, from_settings) VALUES ($1, $2, false)
       ON CONFLICT (host_id) DO UPDATE
         SET active = true, interval_ms = coalesce(excluded.interval_ms, h.interval_ms), from_settings = false
         WHERE (h.active, h.interval_ms, h.from_settings)
           IS DISTINCT FROM (true, coalesce(excluded.interval_ms, h.interval_ms), false)`,
      [host.id, intervalMs],
    );
  });
}

/** Ends the polling of a host and makes the claim of a running pass invalid. Returns `false` if the host was not polled. */
export async function removeHost(dataSource: DataSource, hostId: string): Promise<boolean> {
  const removed = await execute(
    dataSource,
    `WITH unlisted AS (DELETE FROM vnic_graph_gateway_host WHERE host_id = $1)
     UPDATE vnic_graph_host SET active = false, epoch = epoch + 1 WHERE host_id = $1 AND active`,
    [hostId],
  );
  return removed === 1;
}

/** The name that a host gives itself. */
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

/**
 * Inserts hosts that are not known yet, and updates the addresses of the others. Locks no rows that are right already.
 * Names that were learnt from hosts stay.
 */
export async function insertHosts(queryRunner: QueryRunner, hosts: readonly ConfiguredHost[]): Promise<void> {
  const { source, parameters } = sendRows(hosts, {
    id: ["uuid", ({ id }) => id],
    name: ["text", ({ name }) => name],
    host: ["text", ({ host }) => host],
    port: ["int", ({ port }) => port],
  });
  await executeIn(
    queryRunner,
    `WITH given AS (SELECT * FROM ${source}),
     moved AS (SELECT s.vds_id FROM vds_static s JOIN given g ON g.id = s.vds_id
       WHERE (s.host_name, s.port) IS DISTINCT FROM (g.host, g.port) ORDER BY s.vds_id FOR NO KEY UPDATE OF s),
     changed AS (UPDATE vds_static s SET host_name = g.host, port = g.port FROM given g, moved m
       WHERE s.vds_id = g.id AND s.vds_id = m.vds_id)
     INSERT INTO vds_static (vds_id, vds_name, host_name, port) SELECT id, name, host, port FROM given g
     WHERE NOT EXISTS (SELECT FROM vds_static s WHERE s.vds_id = g.id) ORDER BY id ON CONFLICT (vds_id) DO NOTHING`,
    parameters,
  );
}
