import { HOST_COLUMN, selectVms, VM_COLUMNS, type VmSelection } from "./vm-rows.js";

/** The first VMs of each host by name in code points. */
export interface FirstVms {
  /** The placeholder of the hosts' ids. */
  readonly hosts: string;
  /** The condition on `vm_static s` and `vm_dynamic d`. */
  readonly where: string;
  /** The placeholder of how many of each host. */
  readonly limit: string;
}

/** Selects the first VMs of few hosts. It looks up all names of a host: an engine has no index by host and name. */
export function selectFirstOfFew({ hosts, where, limit }: FirstVms): VmSelection {
  return {
    rows: selectVms(`SELECT first.vm_guid FROM unnest(${hosts}) AS asked (vds_id)
      CROSS JOIN LATERAL (
        SELECT s.vm_guid FROM vm_static s JOIN vm_dynamic d ON d.vm_guid = s.vm_guid
        WHERE d.run_on_vds = asked.vds_id AND ${where} ORDER BY ${BY_NAME} LIMIT ${limit}) AS first`),
  };
}

/**
 * Selects the first VMs of many hosts, with one look at each table. Sorting all VMs would cost the most. So all names are
 * read into one list for each host, of which the first are taken. The lists are joined with the hosts only then; with a
 * condition on hosts before, PostgreSQL would plan for a few VMs.
 */
export function selectFirstOfLists({ hosts, where, limit }: FirstVms): VmSelection {
  return {
    rows: `SELECT ${VM_COLUMNS}, ${HOST_COLUMN} FROM unnest(${hosts}) AS asked (vds_id)
    JOIN (SELECT d.run_on_vds, array_agg(s.vm_name) AS names, array_agg(s.vm_guid) AS ids
      FROM vm_static s JOIN vm_dynamic d ON d.vm_guid = s.vm_guid
      WHERE d.run_on_vds IS NOT NULL AND ${where} GROUP BY d.run_on_vds) AS listed ON listed.run_on_vds = asked.vds_id
    CROSS JOIN LATERAL (
      SELECT s.vm_name, s.vm_guid FROM unnest(listed.names, listed.ids) AS s (vm_name, vm_guid)
      ORDER BY ${BY_NAME} LIMIT ${limit}) AS s
    JOIN vm_dynamic d ON d.vm_guid = s.vm_guid LEFT JOIN vds_dynamic h ON h.vds_id = d.run_on_vds`,
  };
}

/**
 * Selects the first VMs of many hosts up to an edge: a name before which most hosts have enough VMs. Reading names up to there
 * costs half of reading all.
 * 1. A sample of the VMs, sorted by name, shows the edge. Its ids go through an array, so that PostgreSQL looks them up by
 *    key. `rank` is the placeholder of {@link findEdgeRank}. The condition is on `vm_static s` alone, as that of all VMs is.
 * 2. The VMs up to the edge are numbered for each host.
 * A host has fewer rows than the limit if it has few VMs, or late names. Nothing is selected if the sample is too small to
 * show an edge.
 */
export function selectFirstUpToEdge({ hosts, where, limit }: FirstVms, rank: string): VmSelection {
  return {
    before: `WITH edge AS (
        SELECT (array_agg(s.vm_name ORDER BY s.vm_name COLLATE "C"))[${rank}] COLLATE "C" AS name
        FROM unnest(ARRAY(
          SELECT d.vm_guid FROM vm_dynamic d TABLESAMPLE SYSTEM (${SAMPLE_PERCENT}) REPEATABLE (3)
          WHERE d.run_on_vds = ANY(${hosts}))) AS sample (vm_guid)
        JOIN vm_static s ON s.vm_guid = sample.vm_guid
        WHERE ${where})`,
    rows: `SELECT numbered.*, ${HOST_COLUMN} FROM (
        SELECT ${VM_COLUMNS}, row_number() OVER (PARTITION BY d.run_on_vds ORDER BY ${BY_NAME}) AS number
        FROM vm_static s JOIN vm_dynamic d ON d.vm_guid = s.vm_guid
        WHERE s.vm_name COLLATE "C" <= (SELECT name FROM edge) AND (SELECT name FROM edge) IS NOT NULL
          AND d.run_on_vds IS NOT NULL AND ${where}) AS numbered
      JOIN unnest(${hosts}) AS asked (vds_id) ON asked.vds_id = numbered.run_on_vds
      LEFT JOIN vds_dynamic h ON h.vds_id = numbered.run_on_vds
      WHERE numbered.number <= ${limit}`,
  };
}

/**
 * Finds which VM of the sorted sample is the edge. A host needs `limit` VMs up to there. Where names are spread over hosts by
 * chance, a mean that is four times its root higher is enough for nearly every host.
 */
export function findEdgeRank(hosts: number, limit: number): number {
  const perHost = limit + 4 * Math.sqrt(limit);
  return Math.ceil((hosts * perHost * SAMPLE_PERCENT) / 100);
}

/** How much of the VMs' table is read for the edge. Fewer blocks would place the edge worse; more would cost more. */
const SAMPLE_PERCENT = 2;

const BY_NAME = `s.vm_name COLLATE "C", s.vm_guid`;
