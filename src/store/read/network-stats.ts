import { MOST_STATS_ROWS } from "../../model/limits.js";
import type { NetworkStats, NetworkStatsKey, NetworkStatsQuestion } from "../finding-types.js";
import { querySearchRows, SqlParameters, type Queryable } from "../postgres/sql.js";
import { FROM_VMS, OWN_CONDITIONS, STALE_REASON } from "./conditions/own-conditions.js";
import { isMapped } from "./conditions/match-cidr.js";
import type { VmConditionSql } from "./conditions/search-conditions.js";
import { ALL_VMS, type VmScopeSql } from "./conditions/scope.js";
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
  const isOfAll = Object.keys(question.filter).length === 0 && scope === ALL_VMS;
  const everywhere = { within: null, network: null, after: null };
  return queryStats(database, question, scope, parameters, {
    conditions: OWN_CONDITIONS,
    fromVms: FROM_VMS,
    staleReason: STALE_REASON,
    kept: "MATERIALIZED",
    before: "",
    // PostgreSQL groups all addresses at half the cost of a look-up for each VM, but would do so for a single VM, too.
    counted: isOfAll
      ? countAddresses("vnic_graph_address")
      : `SELECT v.id AS vm_id, c.count, c.four FROM vms v CROSS JOIN LATERAL (
          SELECT ${ADDRESS_COUNTS} FROM vnic_graph_address a WHERE a.vm_id = v.id) c`,
    conflicts: selectAddressConflicts(everywhere, scope, parameters, { recent: null, holdersShown: null }),
    joinNetworks: "LEFT JOIN vnic_graph_nic e ON e.nic_id = n.id",
    network: "e.network",
    isOfNic: "g.mac_address = p.mac_addr",
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
  /** Selects `vm_id`, and how many addresses that VM has: in all (`count`), and of IPv4 (`four`). VMs without any may be absent. */
  readonly counted: string;
  /** Selects the addresses in conflict, with all their VMs. */
  readonly conflicts: string;
  /** Joins the table that has the network of a vNIC `n`. */
  readonly joinNetworks: string;
  /** The expression of the network's name. */
  readonly network: string;
  /** The condition that the guest interface `g` belongs to the vNIC `p`, with its `mac_addr` and `vm_id`. */
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
  const { key = "''", before = "", members, nics, held, shared } = createGroups(source)[by];
  const rows = await querySearchRows<StatsRow>(
    database,
    `WITH ${source.before} vms AS ${source.kept} (SELECT s.vm_guid AS id, ${key} AS key FROM ${source.fromVms} WHERE ${where}),
     counted AS (${source.counted}),
     conflicting AS ${source.kept} (SELECT c.address, unnest(c.vm_ids) AS vm_id FROM (${source.conflicts}) c),
     ${before} members AS ${source.kept} (${members}),
     nics AS (SELECT key, count(*) AS count FROM (${nics}) n GROUP BY key),
     held AS (SELECT key, sum(count) AS count FROM (${held}) h GROUP BY key),
     shared AS (SELECT key, count(DISTINCT address) AS count FROM (${shared}) c GROUP BY key)
     SELECT nullif(m.key, '') AS key, m.count::int AS vms, coalesce(nics.count, 0)::int AS vnics,
       coalesce(held.count, 0)::int AS addresses, coalesce(shared.count, 0)::int AS conflicts, (count(*) OVER ())::int AS groups
     FROM (SELECT key, count(*) AS count FROM members GROUP BY key) m
     LEFT JOIN nics ON nics.key = m.key LEFT JOIN held ON held.key = m.key LEFT JOIN shared ON shared.key = m.key
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

type StatsRow = NetworkStats["rows"][number] & { readonly groups: number };

/** How VMs are grouped: by a key of each VM, or by keys of its addresses or vNICs. An empty key means none or unknown. */
interface Grouping {
  /** The expression of a VM's key, if each VM has one key. */
  readonly key?: string;
  /** Further parts of the WITH clause, each followed by a comma. */
  readonly before?: string;
  /** Selects `key` and `vm_id`, each pair once. */
  readonly members: string;
  /** Selects `key` for each vNIC. */
  readonly nics: string;
  /** Selects `key` and `count` of addresses; those of a key add up. */
  readonly held: string;
  /** Selects `key` and `address` of the addresses in conflict. */
  readonly shared: string;
}

function createGroups(source: StatsSource): Readonly<Record<NetworkStatsKey, Grouping>> {
  const { staleReason, joinNetworks, network, isOfNic, ofInterface, kept } = source;
  const byVm: Omit<Grouping, "key"> = {
    members: "SELECT key, id AS vm_id FROM vms",
    nics: "SELECT m.key FROM members m JOIN vm_interface n ON n.vm_guid = m.vm_id",
    held: "SELECT m.key, a.count FROM members m JOIN counted a ON a.vm_id = m.vm_id",
    shared: "SELECT m.key, c.address FROM members m JOIN conflicting c ON c.vm_id = m.vm_id",
  };
  return {
    HOST: { ...byVm, key: "coalesce(d.run_on_vds::text, '')" },
    STALE_REASON: { ...byVm, key: `coalesce(${staleReason}, '')` },
    FAMILY: {
      ...byVm,
      members: `SELECT f.key, v.id AS vm_id FROM vms v LEFT JOIN counted a ON a.vm_id = v.id CROSS JOIN LATERAL (
        SELECT '4' AS key WHERE a.four > 0 UNION ALL SELECT '6' WHERE a.count > a.four UNION ALL SELECT '' WHERE coalesce(a.count, 0) = 0) f`,
      held: `SELECT f.key, f.count FROM vms v JOIN counted a ON a.vm_id = v.id
        CROSS JOIN LATERAL (VALUES ('4', a.four), ('6', a.count - a.four)) f (key, count)`,
      shared: `SELECT CASE WHEN ${isIPv4("a.address")} THEN '4' ELSE '6' END AS key, a.address FROM vms v JOIN conflicting a ON a.vm_id = v.id`,
    },
    // An address is on the network of the vNIC whose MAC its interface has.
    NETWORK: {
      before: `placed AS ${kept} (SELECT v.id AS vm_id, n.mac_addr, coalesce(${network}, '') COLLATE "C" AS key
         FROM vms v JOIN vm_interface n ON n.vm_guid = v.id ${joinNetworks}),
       on_network AS ${kept} (SELECT DISTINCT p.vm_id, w.address, p.key FROM placed p
         JOIN vm_guest_agent_interfaces g ON g.vm_id = p.vm_id AND ${isOfNic}
         CROSS JOIN LATERAL ${ofInterface} AS w),`,
      members: "SELECT DISTINCT key, vm_id FROM placed",
      nics: "SELECT key FROM placed",
      held: "SELECT key, 1 AS count FROM on_network",
      // A plain join may become a loop over both, and so may IN, in little memory: PostgreSQL does not know how many these are. A full
      // join is by hash or by order. OFFSET keeps PostgreSQL from seeing that only pairs are wanted.
      shared: `SELECT key, address FROM (SELECT o.key, c.address FROM on_network o
         FULL JOIN conflicting c ON c.vm_id = o.vm_id AND c.address = o.address OFFSET 0) pair
         WHERE key IS NOT NULL AND address IS NOT NULL`,
    },
  };
}

/** Selects how many addresses each VM has in a table with the columns `vm_id` and `address`, which has each once. */
export function countAddresses(held: string): string {
  return `SELECT a.vm_id, ${ADDRESS_COUNTS} FROM ${held} a GROUP BY a.vm_id`;
}

/** Builds the condition that an address is of IPv4, also if it is mapped into IPv6. */
function isIPv4(address: string): string {
  return `(family(${address}) = 4 OR ${isMapped(address)})`;
}

const ADDRESS_COUNTS = `count(*) AS count, count(*) FILTER (WHERE ${isIPv4("a.address")}) AS four`;
