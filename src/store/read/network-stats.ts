import { MOST_STATS_ROWS } from "../../model/limits.js";
import type { NetworkStats, NetworkStatsKey, NetworkStatsQuestion } from "../finding-types.js";
import { querySearchRows, SqlParameters, type Queryable } from "../postgres/sql.js";
import { FROM_VMS, OWN_CONDITIONS, STALE_REASON } from "./conditions/own-conditions.js";
import type { VmScopeSql } from "./conditions/scope.js";
import { buildVmConditions } from "./conditions/vm-conditions.js";
import { selectAddressConflicts } from "./findings.js";

/**
 * Counts VMs, vNICs, addresses and addresses in conflict by a key, in one statement. It reads each table once, because no
 * index helps figures over all. Groups with the most VMs come first.
 */
export async function readNetworkStats(
  database: Queryable,
  { filter, by }: NetworkStatsQuestion,
  scope: VmScopeSql,
): Promise<NetworkStats> {
  const parameters = new SqlParameters();
  const where = buildVmConditions(filter, scope, OWN_CONDITIONS, parameters);
  const everywhere = { within: null, network: null, after: null };
  const conflicts = selectAddressConflicts(everywhere, scope, parameters, null);
  const { key = "''", members, nics, held } = GROUPS[by];
  const rows = await querySearchRows<StatsRow>(
    database,
    `WITH vms AS MATERIALIZED (SELECT s.vm_guid AS id, ${key} AS key FROM ${FROM_VMS} WHERE ${where}),
     conflicting AS MATERIALIZED (SELECT c.address, unnest(c.vm_ids) AS vm_id FROM (${conflicts}) c),
     members AS MATERIALIZED (${members}),
     nics AS (SELECT key, count(*) AS count FROM (${nics}) n GROUP BY key),
     held AS (SELECT h.key, count(*) AS count, count(DISTINCT c.address) AS conflicts FROM (${held}) h
       LEFT JOIN conflicting c ON c.vm_id = h.vm_id AND c.address = h.address GROUP BY h.key)
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

type StatsRow = NetworkStats["rows"][number] & { readonly groups: number };

/** How VMs are grouped: by a key of each VM, or by keys of what it has. An empty key stands for none or not known. */
interface Grouping {
  /** The key of a VM, if it has one by itself. */
  readonly key?: string;
  /** Selects `key` and `vm_id`, each pair once. */
  readonly members: string;
  /** Selects `key` for each vNIC. */
  readonly nics: string;
  /** Selects `key`, `vm_id` and `address`, each once. */
  readonly held: string;
}

const BY_VM: Omit<Grouping, "key"> = {
  members: "SELECT key, id AS vm_id FROM vms",
  nics: "SELECT m.key FROM members m JOIN vm_interface n ON n.vm_guid = m.vm_id",
  held: "SELECT m.key, a.vm_id, a.address FROM members m JOIN vnic_graph_address a ON a.vm_id = m.vm_id",
};

const FAMILY = `CASE WHEN a.address IS NULL THEN '' WHEN family(a.address) = 4 OR a.address <<= '::ffff:0:0/96' THEN '4' ELSE '6' END`;
const NICS = `FROM vms v JOIN vm_interface n ON n.vm_guid = v.id LEFT JOIN vnic_graph_nic e ON e.nic_id = n.id`;

const GROUPS: Readonly<Record<NetworkStatsKey, Grouping>> = {
  HOST: { ...BY_VM, key: "coalesce(d.run_on_vds::text, '')" },
  STALE_REASON: { ...BY_VM, key: `coalesce(${STALE_REASON}, '')` },
  FAMILY: {
    ...BY_VM,
    members: `SELECT DISTINCT ${FAMILY} AS key, v.id AS vm_id FROM vms v LEFT JOIN vnic_graph_address a ON a.vm_id = v.id`,
    held: `SELECT ${FAMILY} AS key, a.vm_id, a.address FROM vms v JOIN vnic_graph_address a ON a.vm_id = v.id`,
  },
  // An address is on the network of the vNIC whose MAC its interface has.
  NETWORK: {
    members: `SELECT DISTINCT coalesce(e.network, '') AS key, v.id AS vm_id ${NICS}`,
    nics: `SELECT coalesce(e.network, '') AS key ${NICS}`,
    held: `SELECT DISTINCT coalesce(e.network, '') AS key, v.id AS vm_id, word::inet AS address ${NICS}
      JOIN vm_guest_agent_interfaces g ON g.vm_id = v.id AND g.mac_address = n.mac_addr
      CROSS JOIN unnest(string_to_array(concat_ws(',', nullif(g.ipv4_addresses, ''), nullif(g.ipv6_addresses, '')), ',')) AS word`,
  },
};
