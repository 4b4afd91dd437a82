import type { Cidr, IpFamily } from "../../model/address/cidr.js";
import { HOLDERS_SHOWN } from "../../model/limits.js";
import type {
  AddressConflictRow,
  AddressConflictsQuestion,
  GuestAddressesQuestion,
  GuestAddressRow,
} from "../../store/finding-types.js";
import { querySearchRows, SqlParameters, type Queryable } from "../../store/postgres/sql.js";
import type { VmScopeSql } from "../../store/read/conditions/scope.js";
import { MOST_PARSED_BYTES, refuseLargeFleet } from "./fleet-size.js";
import { INSIDE_PATTERN } from "../../model/guest/container-names.js";
import { unifyAddresses } from "../../store/read/address-text.js";
import { matchNetwork, matchReaching, USUAL_BRIDGES } from "../../store/read/address-conflicts.js";
import { selectAllAddresses } from "../conditions/address-words.js";
import { selectAddressesInCidr } from "../conditions/cidr-search.js";
import { mayHaveGuest } from "../conditions/engine-conditions.js";
import { isSameMac } from "../conditions/spellings.js";

/**
 * Reads a page of addresses in numeric order. It reads all texts of addresses once, and parses those that may be in the
 * prefix. To sort all of them would cost the most, so the first ones are sorted alone. Most come twice, from an interface
 * and from `vm_ip`; if some come so often that the page is not full, it reads more.
 */
export async function readGuestAddresses(
  database: Queryable,
  question: GuestAddressesQuestion,
  scope: VmScopeSql,
): Promise<GuestAddressRow[]> {
  await checkSize(database, "guestAddresses", "inCidr", question.inCidr);
  for (let most = USUAL_COPIES * question.limit; ; most *= 16) {
    const { sql, values } = buildAddressPage(question, most, scope);
    const rows = await querySearchRows<GuestAddressRow & { readonly read: number }>(database, sql, values);
    if (rows.length >= question.limit || (rows[0]?.read ?? 0) < most) {
      return unifyAddresses(rows.map(({ address, vmId }) => ({ address, vmId })));
    }
  }
}

/** More copies than a page of usual addresses has, each of them: two are usual. */
const USUAL_COPIES = 4;

function buildAddressPage(
  { inCidr, after, limit }: GuestAddressesQuestion,
  most: number,
  scope: VmScopeSql,
): { readonly sql: string; readonly values: unknown[] } {
  const parameters = new SqlParameters();
  const isBehind =
    after === null
      ? "true"
      : `(h.address, h.vm_id) > (${parameters.add(after.address)}::inet, ${parameters.add(after.vmId)}::uuid)`;
  const count = parameters.add(most);
  const select = (family: IpFamily | null, condition: string) => `
    SELECT h.address, h.vm_id FROM (${selectHeld(inCidr, scope, parameters, { family, reachingOnly: false })}) h
    WHERE ${isBehind} AND ${condition} ORDER BY h.address, h.vm_id LIMIT ${count}`;
  const first =
    inCidr !== null
      ? `first AS (${select(null, "true")})`
      : after?.address.includes(":") === true
        ? `first AS (${select(6, "true")})`
        : // IPv6 comes behind IPv4, and is parsed only if the page reaches it.
          `four AS (${select(4, "true")}), first AS (SELECT f.address, f.vm_id FROM four f UNION ALL (
            ${select(6, `(SELECT count(f.address) FROM four f) < ${count}`)}))`;
  const sql = `WITH ${first} SELECT host(d.address) AS address, d.vm_id AS "vmId", (SELECT count(f.address) FROM first f)::int AS read
    FROM (SELECT DISTINCT f.address, f.vm_id FROM first f WHERE f.address IS NOT NULL) d
    ORDER BY d.address, d.vm_id LIMIT ${parameters.add(limit)}`;
  return { sql, values: parameters.values };
}

/** Counts such addresses, in the same way. */
export async function countGuestAddresses(
  database: Queryable,
  { inCidr }: Pick<GuestAddressesQuestion, "inCidr">,
  scope: VmScopeSql,
): Promise<number> {
  await checkSize(database, "guestAddresses", "inCidr", inCidr);
  const parameters = new SqlParameters();
  const held = selectHeld(inCidr, scope, parameters, { family: null, reachingOnly: false });
  return readCount(database, `SELECT count(h.address)::int AS count FROM ${selectOnce(held)} h`, parameters);
}

/** Reads a page of conflicts: addresses that several VMs have on one network, or on networks that are not known. */
export async function readAddressConflicts(
  database: Queryable,
  question: AddressConflictsQuestion,
  scope: VmScopeSql,
): Promise<AddressConflictRow[]> {
  await checkSize(database, "addressConflicts", "within", question.within);
  const parameters = new SqlParameters();
  const conflicts = buildConflicts(question, scope, parameters);
  const rows = await querySearchRows<AddressConflictRow>(
    database,
    `SELECT host(c.address) AS address, c.vm_count::int AS "vmCount", c.vm_ids AS "vmIds" FROM (${conflicts}) c
      ORDER BY c.address LIMIT ${parameters.add(question.limit)}`,
    parameters.values,
  );
  return unifyAddresses(rows);
}

/** Counts such conflicts. */
export async function countAddressConflicts(
  database: Queryable,
  question: Pick<AddressConflictsQuestion, "within" | "network">,
  scope: VmScopeSql,
): Promise<number> {
  await checkSize(database, "addressConflicts", "within", question.within);
  const parameters = new SqlParameters();
  const conflicts = buildConflicts({ ...question, after: null }, scope, parameters);
  return readCount(database, `SELECT count(*)::int AS count FROM (${conflicts}) counted`, parameters);
}

/** Refuses the question in a large fleet, unless the prefix is long: few texts have addresses of a long prefix. */
async function checkSize(
  database: Queryable,
  field: string,
  argument: string,
  cidr: Cidr | null,
): Promise<void> {
  if (cidr !== null && cidr.prefix >= NARROW_PREFIX[cidr.family]) return;
  const narrow = `/${NARROW_PREFIX[4]} or longer for IPv4, of /${NARROW_PREFIX[6]} or longer for IPv6`;
  await refuseLargeFleet(database, field, `give ${argument}, of ${narrow}`, MOST_PARSED_BYTES);
}

const NARROW_PREFIX = { 4: 16, 6: 32 } as const;

function buildConflicts(
  question: Omit<AddressConflictsQuestion, "limit">,
  scope: VmScopeSql,
  parameters: SqlParameters,
): string {
  const held = selectHeld(question.within, scope, parameters, { family: null, reachingOnly: true });
  return selectConflicts(selectOnce(held), question, parameters, HOLDERS_SHOWN);
}

/**
 * Selects each address with its VM once, in order. DISTINCT ON always sorts, which helpers of PostgreSQL do together.
 * It would choose to hash, and a hundred thousand VMs' addresses do not fit into the memory for that.
 */
export function selectOnce(held: string): string {
  return `(SELECT DISTINCT ON (h.address, h.vm_id) h.address, h.vm_id FROM (${held}) h ORDER BY h.address, h.vm_id)`;
}

/**
 * Selects the addresses of running guests with their VMs: those within a prefix, or all. It selects some of them several
 * times, and may select NULL for what is no address.
 */
export function selectHeld(
  cidr: Cidr | null,
  scope: VmScopeSql,
  parameters: SqlParameters,
  kinds: { readonly family: IpFamily | null; readonly reachingOnly: boolean },
): string {
  const addresses = cidr === null ? selectAllAddresses(kinds) : selectAddressesInCidr(cidr, parameters);
  // OFFSET joins the two tables once, and not with each of many addresses. Few addresses are looked up. An outer join has the
  // addresses on its outer side, which is read once. Without statistics PostgreSQL expects one VM, and would read them for each.
  return `SELECT x.address, x.vm_id FROM (${addresses}) x
    LEFT JOIN (SELECT s.vm_guid, true AS is_meant FROM vm_static s LEFT JOIN vm_dynamic d ON d.vm_guid = s.vm_guid
      WHERE s.entity_type = 'VM' AND ${mayHaveGuest("d.status")} AND ${scope.isVm(parameters)}${cidr === null ? " OFFSET 0" : ""}) s
    ON s.vm_guid = x.vm_id WHERE coalesce(s.is_meant, false)`;
}

/**
 * Selects addresses in conflict: several VMs have them on one network, or on a network that is not known. `held` has
 * all addresses with their VMs, each pair once, sorted by address. The network is that of the vNIC whose interface has the address. It selects:
 * 1. the addresses that several VMs have at all;
 * 2. for each VM that has one of these, whether it has it on an interface where others may meet it, and on which networks. Bridges of
 *    containers do not count, unless a vNIC is behind them.
 */
export function selectConflicts(
  held: string,
  { network, after }: Pick<AddressConflictsQuestion, "network" | "after">,
  parameters: SqlParameters,
  /** How many VMs are listed for each address; `null`: all. */
  holdersShown: number | null,
): string {
  const isBehind = after === null ? "true" : `each.address > ${parameters.add(after)}::inet`;
  const isMeant = matchNetwork("of.network", network, parameters);
  const all = "array_agg(DISTINCT h.vm_id ORDER BY h.vm_id)";
  const shared = `SELECT each.address, host(each.address) AS text, each.vm_ids FROM (
      SELECT a.address, array_agg(a.vm_id) AS vm_ids FROM ${held} a
      GROUP BY a.address HAVING count(*) > 1 OFFSET 0) each
      WHERE ${isBehind} AND ${matchReaching("each.address")} ORDER BY each.address OFFSET 0`;
  // Of a page few are looked at. All are joined with all interfaces, which are then read once and not for each address.
  const isPage = holdersShown !== null;
  const [interfaces, nics] = ["vm_guest_agent_interfaces", "vm_interface"].map((table) =>
    isPage ? table : `(SELECT * FROM ${table} OFFSET 0)`,
  );
  const selectPlaced = (
    vms: string,
  ) => `SELECT s.address, a.vm_id, array_agg(DISTINCT ${NETWORK_OF_NIC} COLLATE "C") FILTER (WHERE i.vnic_profile_id IS NOT NULL) AS networks,
      bool_or(i.id IS NOT NULL OR coalesce(g.interface_name, '') = '' OR NOT g.interface_name ~* '${INSIDE_PATTERN}')
        FILTER (WHERE g.vm_id IS NOT NULL) AS is_outside
    FROM ${vms}
    LEFT JOIN ${interfaces} g ON g.vm_id = a.vm_id
      AND CASE WHEN family(s.address) = 4 THEN strpos(g.ipv4_addresses, s.text) > 0
        ELSE strpos(lower(g.ipv6_addresses COLLATE "C"), s.text) > 0 END
      AND s.text = ANY(string_to_array(lower(concat_ws(',', g.ipv4_addresses, g.ipv6_addresses) COLLATE "C"), ','))
    LEFT JOIN ${nics} i ON i.vm_guid = g.vm_id
      AND ${isSameMac("g.mac_address", "i.mac_addr")}
    GROUP BY s.address, a.vm_id`;
  const vms = "unnest(s.vm_ids) AS a (vm_id)";
  const from = isPage
    ? `(${shared}) s CROSS JOIN LATERAL (${selectPlaced(vms)} OFFSET 0) h`
    : `(${selectPlaced(`(${shared}) s CROSS JOIN LATERAL ${vms}`)}) h`;
  // By the order of the addresses, a page ends when it is full.
  const address = isPage ? "s.address" : "h.address";
  return `SELECT ${address}, count(DISTINCT h.vm_id) AS vm_count, ${isPage ? `(${all})[1:${holdersShown}]` : all} AS vm_ids
    FROM ${from} LEFT JOIN LATERAL unnest(array_remove(h.networks, NULL)) AS of (network) ON true
    WHERE coalesce(h.is_outside, ${address} <> ALL(${USUAL_BRIDGES})) AND ${isMeant}
    GROUP BY ${address}
    HAVING count(DISTINCT h.vm_id) > 1 AND (count(of.network) < count(*) OR count(DISTINCT of.network) < count(*))`;
}

/**
 * The network's name of a vNIC `i`. The names of all vNIC profiles are gathered once. To look into both tables for each of
 * many vNICs takes longer than all else that is done for it.
 */
const NETWORK_OF_NIC = `((SELECT jsonb_object_agg(p.id::text, n.name) FROM vnic_profiles p JOIN network n ON n.id = p.network_id)
  ->> i.vnic_profile_id::text)`;

async function readCount(database: Queryable, sql: string, { values }: SqlParameters): Promise<number> {
  const [row] = await querySearchRows<{ count: number }>(database, sql, values);
  return row?.count ?? 0;
}
