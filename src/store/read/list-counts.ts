import type { DataSource } from "typeorm";
import { queryRows } from "../postgres/sql.js";

/** How many lists there are of each length, the longest first. */
export type ListLengths = readonly { readonly length: number; readonly lists: number }[];

/** How many hosts and VMs there are, and how long their lists are. */
export interface ListCounts {
  readonly hosts: number;
  readonly vms: number;
  readonly vmsPerHost: ListLengths;
  readonly nicsPerVm: ListLengths;
  readonly nicsPerMac: ListLengths;
  readonly interfacesPerVm: ListLengths;
  readonly ipv4PerVm: ListLengths;
  readonly ipv6PerVm: ListLengths;
  readonly ipsPerVm: ListLengths;
}

interface CountRow {
  readonly kind: string;
  readonly length: number;
  readonly lists: number;
}

/**
 * Counts hosts, VMs and the lengths of lists in one statement. An engine's database has the same tables and columns. Takes
 * about 0.3 s for 100,000 VMs.
 */
export async function readListCounts(dataSource: DataSource): Promise<ListCounts> {
  const rows = await queryRows<CountRow>(
    dataSource,
    `WITH guests AS (
       SELECT count(*) AS interfaces, ${countWords("ipv4_addresses", ",")} AS v4, ${countWords("ipv6_addresses", ",")} AS v6
       FROM vm_guest_agent_interfaces GROUP BY vm_id)
     SELECT 'hosts' AS kind, count(vds_id)::int AS length, 1 AS lists FROM vds_static
     UNION ALL SELECT 'vms', count(vm_guid)::int, 1 FROM vm_dynamic
     UNION ALL SELECT 'vmsPerHost', n::int, count(*)::int FROM (
       SELECT count(*) AS n FROM vm_dynamic WHERE run_on_vds IS NOT NULL GROUP BY run_on_vds) h GROUP BY n
     UNION ALL SELECT 'nicsPerVm', n::int, count(*)::int FROM (
       SELECT count(*) AS n FROM vm_interface WHERE vm_guid IS NOT NULL GROUP BY vm_guid) v GROUP BY n
     UNION ALL SELECT 'nicsPerMac', n::int, count(*)::int FROM (
       SELECT count(*) AS n FROM vm_interface WHERE mac_addr IS NOT NULL GROUP BY lower(mac_addr)) m GROUP BY n
     UNION ALL SELECT 'interfacesPerVm', interfaces::int, count(*)::int FROM guests GROUP BY interfaces
     UNION ALL SELECT 'ipv4PerVm', v4::int, count(*)::int FROM guests WHERE v4 > 0 GROUP BY v4
     UNION ALL SELECT 'ipv6PerVm', v6::int, count(*)::int FROM guests WHERE v6 > 0 GROUP BY v6
     UNION ALL SELECT 'ipsPerVm', n::int, count(*)::int FROM (
       SELECT ${countWords("vm_ip", " ")} AS n FROM vm_dynamic GROUP BY vm_guid) d WHERE n > 0 GROUP BY n`,
  );
  const keepOnly = (kind: string): readonly CountRow[] => rows.filter((row) => row.kind === kind);
  const listLengths = (kind: string): ListLengths =>
    keepOnly(kind)
      .map(({ length, lists }) => ({ length, lists }))
      .sort((one, other) => other.length - one.length);
  return {
    hosts: keepOnly("hosts")[0]?.length ?? 0,
    vms: keepOnly("vms")[0]?.length ?? 0,
    vmsPerHost: listLengths("vmsPerHost"),
    nicsPerVm: listLengths("nicsPerVm"),
    nicsPerMac: listLengths("nicsPerMac"),
    interfacesPerVm: listLengths("interfacesPerVm"),
    ipv4PerVm: listLengths("ipv4PerVm"),
    ipv6PerVm: listLengths("ipv6PerVm"),
    ipsPerVm: listLengths("ipsPerVm"),
  };
}

/** Counts the words of all texts of a group; null if there are none. */
function countWords(column: string, separator: "," | " "): string {
  return `sum(octet_length(${column}) - octet_length(replace(${column}, '${separator}', '')) + 1) FILTER (WHERE ${column} <> '')`;
}
