import type { DataSource } from "typeorm";
import { IS_POLLED } from "./polling-state.js";
import { queryRows } from "../postgres/sql.js";

/** Figures of all hosts and VMs for an operator, as stored at this moment. */
export interface FleetFigures {
  /** Hosts that are to be polled. */
  readonly hosts: number;
  /** The number of these hosts whose last pass failed. */
  readonly failingHosts: number;
  /** The number of these hosts that no running gateway polls. */
  readonly unpolledHosts: number;
  /** The number of VMs, as the hosts last reported them. */
  readonly vms: number;
  /**
   * The age of the hosts' last successes in seconds: median, 99th percentile and maximum. `null`: no host has succeeded
   * yet.
   */
  readonly stalenessP50S: number | null;
  readonly stalenessP99S: number | null;
  readonly stalenessMaxS: number | null;
}

/** Reads the figures in one statement over the hosts. Its cost does not depend on the number of VMs. */
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
