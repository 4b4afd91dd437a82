import { MOST_STATS_ROWS } from "../../model/limits.js";
import type { NetworkStats, NetworkStatsKey, NetworkStatsQuestion } from "../finding-types.js";
import { querySearchRows, SqlParameters, type Queryable } from "../postgres/sql.js";
import { FROM_VMS, OWN_CONDITIONS, STALE_REASON } from "./conditions/own-conditions.js";
import type { VmConditionSql } from "./conditions/search-conditions.js";
import type { VmScopeSql } from "./conditions/scope.js";
import { buildVmConditions } from "./conditions/vm-conditions.js";
import { selectAddressConflicts } from "./address-conflicts.js";

/**
 * Counts VMs, vNICs, addresses and addresses in conflict, grouped by a key, in one statement. It reads each table once,
 * because no index helps to count everything. Groups with the most VMs come first.
 */
export function readNetworkStats(
  database: Queryable,
  question: NetworkStatsQuestion,
  scope: VmScopeSql,
): Promise<NetworkStats> {
  const parameters = new SqlParameters();
  const everywhere = { within: null, network: null, after: null };
  return queryStats(database, question, scope, parameters, {
    conditions: OWN_CONDITIONS,
    fromVms: FROM_VMS,
    staleReason: STALE_REASON,
    kept: "MATERIALIZED",
    before: "",
    held: "vnic_graph_address",
    conflicts: selectAddressConflicts(everywhere, scope, parameters, { recent: null, holdersShown: null }),
    joinNetworks: "LEFT JOIN vnic_graph_nic e ON e.nic_id = n.id",
    network: "e.network",
    isOfNic: "g.mac_address = n.mac_addr",
    ofInterface:
      "(SELECT word::inet AS address FROM unnest(string_to_array(concat_ws(',', nullif(g.ipv4_addresses, ''), nullif(g.ipv6_addresses, '')), ',')) AS word)",
  });
}

/** The SQL with which a source's tables answer what is counted. */
export interface StatsSource {
  readonly conditions: VmConditionSql;
  readonly fromVms: string;
  readonly staleReason: string;
  /** Makes PostgreSQL compute a part of a WITH clause once. Empty before PostgreSQL 12, which does so anyway. */
  readonly kept: "MATERIALIZED" | "";
  /** Further parts of the WITH clause, each followed by a comma. */
  readonly before: string;
  /** A table or query with the columns `vm_id` and `address`. */
  readonly held: string;
  /** Selects the addresses in conflict, with all their VMs. */
  readonly conflicts: string;
  /** Joins the table that has the network of a vNIC `n`. */
  readonly joinNetworks: string;
  /** The expression of the network's name. */
  readonly network: string;
  /** The condition that the guest interface `g` belongs to the vNIC `n`. */
  readonly isOfNic: string;
  /** Selects the addresses of a guest interface `g`, in the column `address`. */
  readonly ofInterface: string;
}

/** Runs the statement of {@link readNetworkStats} over a source's tables. */
export async function queryStats(
  database: Queryable,
  { filter, by }: NetworkStatsQuestion,
  scope: VmScopeSql,
  parameters: SqlParameters,
  source: StatsSource,
): Promise<NetworkStats> {
  const where = buildVmConditions(filter, scope, source.conditions, parameters);
  const { key = "''", members, nics, held, shared } = createGroups(source)[by];
  const rows = await querySearchRows<StatsRow>(
    database,
    `WITH ${source.before} vms AS ${source.kept} (SELECT s.vm_guid AS id, ${key} AS key FROM ${source.fromVms} WHERE ${where}),
     conflicting AS ${source.kept} (SELECT c.address, unnest(c.vm_ids) AS vm_id FROM (${source.conflicts}) c),
     members AS ${source.kept} (${members}),
     nics AS (SELECT key, count(*) AS count FROM (${nics}) n GROUP BY key),
     held AS (${countHeld(held, shared)})
     SELECT nullif(m.key, '') AS key, m.count::int AS vms, coalesce(nics.count, 0)::int AS vnics,
       coalesce(held.count, 0)::int AS addresses, coalesce(held.conflicts, 0)::int AS conflicts, (count(*) OVER ())::int AS groups
     FROM (SELECT key, count(*) AS count FROM members GROUP BY key) m
     LEFT JOIN nics ON nics.key = m.key LEFT JOIN held ON held.key = m.key
     ORDER BY m.count DESC, m.key COLLATE "C" LIMIT ${parameters.add(MOST_STATS_ROWS)}`,
    parameters.values,
  );
  const groupCount = rows[0]?.groups ?? 0;
  return {
    rows: rows.map(({ groups: _, ...row }) => row),
    groupCount,
    leftOut: groupCount - rows.length,
  };
}

/**
 * Counts the addresses of each group, and those in conflict. Few addresses are in conflict. Where they have the key
 * themselves, they alone are sorted; else all addresses are.
 */
function countHeld(held: string, shared: string | undefined): string {
  if (shared === undefined) {
    return `SELECT h.key, count(*) AS count, count(DISTINCT c.address) AS conflicts FROM (${held}) h
       LEFT JOIN conflicting c ON c.vm_id = h.vm_id AND c.address = h.address GROUP BY h.key`;
  }
  return `SELECT h.key, h.count, coalesce(c.count, 0) AS conflicts
       FROM (SELECT h.key, count(*) AS count FROM (${held}) h GROUP BY h.key) h
       LEFT JOIN (SELECT c.key, count(DISTINCT c.address) AS count FROM (${shared}) c GROUP BY c.key) c ON c.key = h.key`;
}

type StatsRow = NetworkStats["rows"][number] & { readonly groups: number };

/** How VMs are grouped: by a key of each VM, or by keys of its addresses or vNICs. An empty key means none or unknown. */
interface Grouping {
  /** The expression of a VM's key, if each VM has one key. */
  readonly key?: string;
  /** Selects `key` and `vm_id`, each pair once. */
  readonly members: string;
  /** Selects `key` for each vNIC. */
  readonly nics: string;
  /** Selects `key`, `vm_id` and `address`, each combination once. */
  readonly held: string;
  /** Selects `key` and `address` of the addresses in conflict; absent if only `held` tells their keys. */
  readonly shared?: string;
}

function createGroups(source: StatsSource): Readonly<Record<NetworkStatsKey, Grouping>> {
  const { staleReason, held, joinNetworks, network, isOfNic, ofInterface } = source;
  const byVm: Omit<Grouping, "key"> = {
    members: "SELECT key, id AS vm_id FROM vms",
    nics: "SELECT m.key FROM members m JOIN vm_interface n ON n.vm_guid = m.vm_id",
    held: `SELECT m.key, a.vm_id, a.address FROM members m JOIN ${held} a ON a.vm_id = m.vm_id`,
    shared: "SELECT m.key, c.address FROM members m JOIN conflicting c ON c.vm_id = m.vm_id",
  };
  const nics = `FROM vms v JOIN vm_interface n ON n.vm_guid = v.id ${joinNetworks}`;
  return {
    HOST: { ...byVm, key: "coalesce(d.run_on_vds::text, '')" },
    STALE_REASON: { ...byVm, key: `coalesce(${staleReason}, '')` },
    FAMILY: {
      ...byVm,
      members: `SELECT DISTINCT ${FAMILY} AS key, v.id AS vm_id FROM vms v LEFT JOIN ${held} a ON a.vm_id = v.id`,
      held: `SELECT ${FAMILY} AS key, a.vm_id, a.address FROM vms v JOIN ${held} a ON a.vm_id = v.id`,
      shared: `SELECT ${FAMILY} AS key, a.address FROM vms v JOIN conflicting a ON a.vm_id = v.id`,
    },
    // An address is on the network of the vNIC whose MAC its interface has.
    NETWORK: {
      members: `SELECT DISTINCT coalesce(${network}, '') AS key, v.id AS vm_id ${nics}`,
      nics: `SELECT coalesce(${network}, '') AS key ${nics}`,
      held: `SELECT DISTINCT coalesce(${network}, '') AS key, v.id AS vm_id, w.address ${nics}
        JOIN vm_guest_agent_interfaces g ON g.vm_id = v.id AND ${isOfNic}
        CROSS JOIN LATERAL ${ofInterface} AS w`,
    },
  };
}

const FAMILY = `CASE WHEN a.address IS NULL THEN '' WHEN family(a.address) = 4 OR a.address <<= '::ffff:0:0/96' THEN '4' ELSE '6' END`;
