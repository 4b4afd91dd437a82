import type { DataSource } from "typeorm";
import { IS_POLLED } from "./polling-state.js";
import { queryRows } from "../postgres/sql.js";

/** What an operator watches of the whole fleet, as stored at this moment. */
export interface FleetFigures {
  /** Hosts that are to be polled. */
  readonly hosts: number;
  /** Of them, those whose last pass failed. */
  readonly failingHosts: number;
  /** Of them, those that no running gateway polls. */
  readonly unpolledHosts: number;
  /** VMs as the hosts last reported them. */
  readonly vms: number;
  /** Seconds since the last success of each host: half of the hosts are fresher, 99 % are, all are. `null`: none has succeeded yet. */
  readonly stalenessP50S: number | null;
  readonly stalenessP99S: number | null;
  readonly stalenessMaxS: number | null;
}

/** Reads the figures in one statement over the hosts alone. So a scrape costs the same however many VMs there are. */
export async function readFleetFigures(dataSource: DataSource): Promise<FleetFigures> {
  const [row] = await queryRows<FleetFigures>(
    dataSource,
    `SELECT count(*)::int AS hosts,
            (count(*) FILTER (WHERE last_error_kind IS NOT NULL AND is_polled))::int AS "failingHosts",
            (count(*) FILTER (WHERE NOT is_polled))::int AS "unpolledHosts",
            coalesce(sum(vm_count), 0)::int AS vms,
            percentile_disc(0.5) WITHIN GROUP (ORDER BY age) AS "stalenessP50S",
            percentile_disc(0.99) WITHIN GROUP (ORDER BY age) AS "stalenessP99S",
            max(age) AS "stalenessMaxS"
     FROM (SELECT ${IS_POLLED} AS is_polled, last_error_kind, vm_count, extract(epoch FROM now() - last_success_at)::float8 AS age
           FROM vnic_graph_host h WHERE h.active) polled`,
  );
  if (row === undefined) throw new Error("the database answered an aggregate without a row; this cannot be");
  return row;
}
