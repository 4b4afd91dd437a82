import type { Cidr } from "../../../model/address/cidr.js";
import type { SqlParameters } from "../../postgres/sql.js";
import type { MappedAddresses, VmSearch, VmSort, VmTextKey } from "../../vm-search.js";
import { escapeRegExp, formatLikePattern, matchText, type TextMatch } from "./text-match.js";

/**
 * Conditions that each source's tables answer in their own way. All are conditions on the rows of `vm_static s` joined with
 * `vm_dynamic d`.
 */
export interface VmConditionSql {
  /** The FROM clause of these rows. */
  readonly from: string;
  /** `true`: the statement reads the rows in its order, by an index, and ends as soon as it has enough of them. */
  readonly isWalked?: boolean;
  /** `true`: a row that comes in the order fulfils conditions as a rule, so that these are best looked at row by row. */
  readonly isByRow?: boolean;
  /** `true`: the statement looks at few rows, whose ids it knows. */
  readonly isLookedUp?: boolean;
  /** The name, in the collation of the index that the source has for names. */
  readonly name: string;
  hasStatus(statuses: readonly number[], parameters: SqlParameters): string;
  /** The text of the VM's addresses, as far as they are shown. */
  readonly addresses: string;
  hasAddress(address: string, parameters: SqlParameters): string;
  /** The VM has an address that matches a pattern: these parts with any characters between two of them. */
  hasAddressLike(parts: readonly string[], parameters: SqlParameters): string;
  /** The VM has one of the addresses. The list may be empty. */
  hasAnyOf(addresses: readonly string[], parameters: SqlParameters): string;
  hasAddressIn(cidr: Cidr, parameters: SqlParameters, mapped: MappedAddresses | null): string;
  readonly hasAnyAddress: string;
  /** Throws {@link NotKeptError} if the source does not keep it. */
  isOnTwoHosts(): string;
  hasCluster(match: TextMatch, parameters: SqlParameters): string;
  /** The VM's guest has an interface `g` for which the condition holds. */
  hasInterface(condition: string): string;
  isGuestMac(mac: string, parameters: SqlParameters): string;
  /** The VM has a vNIC on a network whose name matches. `isByRow`: it is looked at VM by VM. */
  hasNetwork(match: TextMatch, parameters: SqlParameters, isByRow: boolean): string;
  isNicMac(mac: string, parameters: SqlParameters): string;
  /** The VM has a guest interface or a vNIC with the MAC. Uses the indexes of both tables, if there are any. */
  hasMac(mac: string, parameters: SqlParameters): string;
  /** Why the guest's data are stale; NULL: they are current. */
  readonly staleReason: string;
  /** The values by which VMs are sorted, if they are not columns that both sources have. */
  readonly sortBy: {
    readonly cluster: { readonly join: string; readonly value: string };
    readonly ip: string;
  };
}

/** Builds the SQL condition of a search. */
export function buildSearchCondition(
  search: VmSearch,
  source: VmConditionSql,
  parameters: SqlParameters,
): string {
  switch (search.kind) {
    case "and":
      return joinConditions(search.parts, " AND ", source, parameters);
    case "or":
      return buildOr(search.parts, source, parameters);
    case "not":
      return `(${buildSearchCondition(search.part, { ...source, isByRow: false }, parameters)}) IS NOT TRUE`;
    case "text":
      return buildTextCondition(search.key, search.match, source, parameters);
    case "anyText": {
      const isAddress = matchText(source.addresses, search.match, parameters);
      const isText = TEXT_KEYS.map((key) => buildTextCondition(key, search.match, source, parameters));
      return `(${[...isText, isAddress].join(" OR ")})`;
    }
    case "status":
      return source.hasStatus(search.statuses, parameters);
    case "id":
      return `s.vm_guid = ${parameters.add(search.id)}::uuid`;
    case "address":
      return source.hasAddress(search.address, parameters);
    case "addressPattern":
      return source.hasAddressLike(search.parts, parameters);
    case "inCidr":
      return source.hasAddressIn(search.cidr, parameters, search.mapped ?? null);
    case "addresses":
      return source.hasAnyOf(search.addresses, parameters);
    case "hostId":
      return `d.run_on_vds = ${parameters.add(search.id)}::uuid`;
    case "all":
      return "true";
    case "none":
      return "false";
    case "onTwoHosts":
      return source.isOnTwoHosts();
    case "hasAddress":
      return source.hasAnyAddress;
    case "guestMac":
      return source.hasInterface(source.isGuestMac(search.mac, parameters));
    case "interfaceName":
      return source.hasInterface(matchText("g.interface_name", search.match, parameters));
    case "mac":
      return source.hasMac(search.mac, parameters);
    case "nicMac":
      return `EXISTS (SELECT FROM vm_interface i WHERE i.vm_guid = s.vm_guid AND ${source.isNicMac(search.mac, parameters)})`;
    case "network":
      return source.hasNetwork(search.match, parameters, source.isByRow === true);
    case "staleReason": {
      const isListed = `${source.staleReason} = ANY(${parameters.add(search.reasons)}::text[])`;
      return search.reasons.includes(null) ? `(${isListed} OR ${source.staleReason} IS NULL)` : isListed;
    }
  }
}

/**
 * Builds the condition that at least one part holds. In an OR, PostgreSQL would look into other tables row by row, for all
 * VMs. So each part that needs another table finds its VMs by itself, and the parts that need none are joined in one
 * condition.
 *
 * Exceptions: a statement that looks at few rows anyway, and one that reads the rows in its order, with a part that has to look at
 * every VM. They look into the other tables row by row. The latter ends early if many VMs are found.
 */
function buildOr(parts: readonly VmSearch[], source: VmConditionSql, parameters: SqlParameters): string {
  const own = parts.filter(({ kind }) => OWN_KINDS.has(kind));
  const others = parts.filter(({ kind }) => !OWN_KINDS.has(kind));
  const isByRow = source.isLookedUp === true || (own.length > 0 && source.isWalked === true);
  if (others.length === 0 || isByRow) {
    return joinConditions(parts, " OR ", source, parameters);
  }
  const conditions = [
    ...(own.length === 0 ? [] : [joinConditions(own, " OR ", source, parameters)]),
    ...others.map((part) => buildSearchCondition(part, { ...source, isByRow: false }, parameters)),
  ];
  const found = conditions.map((condition) => `SELECT s.vm_guid FROM ${source.from} WHERE ${condition}`);
  return `s.vm_guid IN (${found.join(" UNION ALL ")})`;
}

/** Kinds of conditions that need only the VM's own row. */
const OWN_KINDS: ReadonlySet<VmSearch["kind"]> = new Set([
  "text",
  "anyText",
  "status",
  "id",
  "hostId",
  "all",
  "none",
]);

function joinConditions(
  parts: readonly VmSearch[],
  between: " AND " | " OR ",
  source: VmConditionSql,
  parameters: SqlParameters,
): string {
  return `(${parts.map((part) => buildSearchCondition(part, source, parameters)).join(between)})`;
}

/** The parts of a statement over `vm_static s` and `vm_dynamic d` that sort it: an optional join, and the order. */
export interface SearchOrder {
  readonly join: string;
  readonly by: string;
}

/** Builds an order. VMs with the same value are sorted by name. */
export function buildSearchOrder({ key, descending }: VmSort, source: VmConditionSql): SearchOrder {
  const [direction, unknown] = descending ? ["DESC", "NULLS LAST"] : ["ASC", "NULLS FIRST"];
  if (key === "id") return { join: "", by: `s.vm_guid ${direction}` };
  // Names are always known. NULLS FIRST or NULLS LAST would keep PostgreSQL from reading the index in order.
  if (key === "name") return { join: "", by: `${source.name} ${direction}, s.vm_guid ${direction}` };
  const values: Readonly<Record<typeof key, { readonly join: string; readonly value: string }>> = {
    status: { join: "", value: "d.status" },
    // A join, because looking up the name of each VM's host takes a hundred times as long.
    host: { join: "LEFT JOIN vds_static v ON v.vds_id = d.run_on_vds", value: "v.vds_name" },
    fqdn: { join: "", value: "nullif(d.vm_fqdn, '')" },
    cluster: source.sortBy.cluster,
    ip: { join: "", value: source.sortBy.ip },
  };
  const { join, value } = values[key];
  return { join, by: `${value} ${direction} ${unknown}, ${source.name}, s.vm_guid` };
}

/**
 * Builds the condition that one of the addresses in a column matches; commas or blanks separate them. LIKE excludes nearly
 * all rows at little cost. Then the regular expression compares complete addresses, without their zones.
 */
export function matchListedAddress(
  column: string,
  parts: readonly string[],
  parameters: SqlParameters,
  /** A lookahead that a matching address fulfils, too. */
  lookahead = "",
): string {
  const mayMatch = parameters.add(formatLikePattern(["", ...parts.filter((part) => part !== ""), ""]));
  const pattern = parts.map(escapeRegExp).join("[0-9a-f.:]*");
  const isMatch = parameters.add(`(^|[,[:space:]])${lookahead}${pattern}(%[^,[:space:]]*)?([,[:space:]]|$)`);
  return `(${column} <> '' AND lower(${column} COLLATE "C") LIKE ${mayMatch}::text
    AND lower(${column} COLLATE "C") ~ ${isMatch}::text)`;
}

/** Lists the columns in which an address of this pattern may be. */
export function listAddressColumns(parts: readonly string[]): readonly string[] {
  const pattern = parts.join("*");
  if (pattern.includes(":")) return ["ipv6_addresses"];
  return ["ipv4_addresses", "ipv6_addresses"];
}

const TEXT_KEYS: readonly VmTextKey[] = ["name", "fqdn", "host", "cluster"];

function buildTextCondition(
  key: VmTextKey,
  match: TextMatch,
  source: VmConditionSql,
  parameters: SqlParameters,
): string {
  switch (key) {
    case "name":
      return matchText(source.name, match, parameters);
    case "fqdn":
      return `(d.vm_fqdn <> '' AND ${matchText("d.vm_fqdn", match, parameters)})`;
    case "cluster":
      return source.hasCluster(match, parameters);
    case "host":
      return `d.run_on_vds IN (${selectHosts(match, parameters)})`;
  }
}

/** Selects the ids of the hosts whose name or address matches. */
export function selectHosts(match: TextMatch, parameters: SqlParameters): string {
  const matches = ["v.vds_name", "v.host_name"].map((column) => matchText(column, match, parameters));
  return `SELECT v.vds_id FROM vds_static v WHERE ${matches.join(" OR ")}`;
}
