import type { Cidr } from "../../../model/address/cidr.js";
import type { SqlParameters } from "../../postgres/sql.js";
import type { VmSearch, VmSort, VmTextKey } from "../../vm-search.js";
import { formatLikePattern, matchText, type TextMatch } from "./text-match.js";

/**
 * How one source's tables answer the conditions that its tables hold in their own way. All are conditions on the rows of
 * `vm_static s` joined with `vm_dynamic d`.
 */
export interface VmConditionSql {
  /** What stands behind FROM for those rows. */
  readonly from: string;
  /** Whether the statement walks the rows in its order, and ends as soon as it has enough. */
  readonly isWalked?: boolean;
  /** The name, in the collation of the index that the source has for names. */
  readonly name: string;
  hasStatus(statuses: readonly number[], parameters: SqlParameters): string;
  hasAddress(address: string, parameters: SqlParameters): string;
  /** Has an address that matches a pattern: these parts with anything between two of them. */
  hasAddressLike(parts: readonly string[], parameters: SqlParameters): string;
  /** Has one of the addresses; there may be none. */
  hasAnyOf(addresses: readonly string[], parameters: SqlParameters): string;
  hasAddressIn(cidr: Cidr, parameters: SqlParameters): string;
  readonly hasAnyAddress: string;
  /** Throws {@link NotKeptError} where the source does not keep it. */
  onTwoHosts(): string;
  hasCluster(match: TextMatch, parameters: SqlParameters): string;
  /** Has a guest's interface `g` for which the condition holds. */
  hasInterface(condition: string): string;
  guestMacIs(mac: string, parameters: SqlParameters): string;
  /** Has a vNIC on a network whose name matches. */
  hasNetwork(match: TextMatch, parameters: SqlParameters): string;
  nicMacIs(mac: string, parameters: SqlParameters): string;
  /** Has a guest's interface or a vNIC with the MAC; found by the indexes of both, where there are any. */
  hasMac(mac: string, parameters: SqlParameters): string;
  /** Why the guest's data are stale; NULL: they are current. */
  readonly staleReason: string;
  /** What VMs are sorted by where it is not a column that both sources have. */
  readonly sortBy: {
    readonly cluster: { readonly join: string; readonly value: string };
    readonly ip: string;
  };
}

/** Builds the condition that a search means. */
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
      return `(${buildSearchCondition(search.part, source, parameters)}) IS NOT TRUE`;
    case "text":
      return buildTextCondition(search.key, search.match, source, parameters);
    case "anyText": {
      const isAddress = matchText("d.vm_ip", search.match, parameters);
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
      return source.hasAddressIn(search.cidr, parameters);
    case "addresses":
      return source.hasAnyOf(search.addresses, parameters);
    case "hostId":
      return `d.run_on_vds = ${parameters.add(search.id)}::uuid`;
    case "all":
      return "true";
    case "none":
      return "false";
    case "onTwoHosts":
      return source.onTwoHosts();
    case "hasAddress":
      return source.hasAnyAddress;
    case "guestMac":
      return source.hasInterface(source.guestMacIs(search.mac, parameters));
    case "interfaceName":
      return source.hasInterface(matchText("g.interface_name", search.match, parameters));
    case "mac":
      return source.hasMac(search.mac, parameters);
    case "nicMac":
      return `EXISTS (SELECT FROM vm_interface i WHERE i.vm_guid = s.vm_guid AND ${source.nicMacIs(search.mac, parameters)})`;
    case "network":
      return source.hasNetwork(search.match, parameters);
    case "staleReason": {
      const isListed = `${source.staleReason} = ANY(${parameters.add(search.reasons)}::text[])`;
      return search.reasons.includes(null) ? `(${isListed} OR ${source.staleReason} IS NULL)` : isListed;
    }
  }
}

/**
 * Builds the condition that at least one part holds. In an OR, PostgreSQL asks other tables row by row, for all VMs; so each part
 * that asks one finds its VMs by itself, and those that ask none find theirs together. A statement that walks the rows asks them
 * one by one all the same, if a part has to look at every VM: it ends early where many are found.
 */
function buildOr(parts: readonly VmSearch[], source: VmConditionSql, parameters: SqlParameters): string {
  const own = parts.filter(({ kind }) => OWN_KINDS.has(kind));
  const others = parts.filter(({ kind }) => !OWN_KINDS.has(kind));
  if (others.length === 0 || (own.length > 0 && source.isWalked === true)) {
    return joinConditions(parts, " OR ", source, parameters);
  }
  const conditions = [
    ...(own.length === 0 ? [] : [joinConditions(own, " OR ", source, parameters)]),
    ...others.map((part) => buildSearchCondition(part, source, parameters)),
  ];
  const found = conditions.map((condition) => `SELECT s.vm_guid FROM ${source.from} WHERE ${condition}`);
  return `s.vm_guid IN (${found.join(" UNION ALL ")})`;
}

/** What a VM's own row answers. */
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

/** The parts of a statement over `vm_static s` and `vm_dynamic d` that sort it: a join perhaps, and the order. */
export interface SearchOrder {
  readonly join: string;
  readonly by: string;
}

/** Builds an order; VMs of one value are in the order of their names. */
export function buildSearchOrder({ key, descending }: VmSort, source: VmConditionSql): SearchOrder {
  const [direction, unknown] = descending ? ["DESC", "NULLS LAST"] : ["ASC", "NULLS FIRST"];
  if (key === "id") return { join: "", by: `s.vm_guid ${direction}` };
  // Names are always known; saying where unknown ones go would keep PostgreSQL from reading the index in order.
  if (key === "name") return { join: "", by: `${source.name} ${direction}, s.vm_guid ${direction}` };
  const values: Readonly<Record<typeof key, { readonly join: string; readonly value: string }>> = {
    status: { join: "", value: "d.status" },
    // Joined as a whole: looked up VM by VM, the names of hosts take a hundred times as long.
    host: { join: "LEFT JOIN vds_static v ON v.vds_id = d.run_on_vds", value: "v.vds_name" },
    fqdn: { join: "", value: "nullif(d.vm_fqdn, '')" },
    cluster: source.sortBy.cluster,
    ip: { join: "", value: source.sortBy.ip },
  };
  const { join, value } = values[key];
  return { join, by: `${value} ${direction} ${unknown}, ${source.name}, s.vm_guid` };
}

/**
 * Builds the condition that a column of addresses, joined by commas or blanks, has one that matches. LIKE drops nearly all
 * rows at little cost; the regular expression then looks at whole addresses, without their zones.
 */
export function matchAddressWord(
  column: string,
  parts: readonly string[],
  parameters: SqlParameters,
): string {
  const mayMatch = parameters.add(formatLikePattern(["", ...parts.filter((part) => part !== ""), ""]));
  const pattern = parts.map(escapeRegExp).join("[0-9a-f.:]*");
  const isMatch = parameters.add(`(^|[,[:space:]])${pattern}(%[^,[:space:]]*)?([,[:space:]]|$)`);
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
    case "host": {
      const matches = ["v.vds_name", "v.host_name"].map((column) => matchText(column, match, parameters));
      return `d.run_on_vds IN (SELECT v.vds_id FROM vds_static v WHERE ${matches.join(" OR ")})`;
    }
  }
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[^0-9a-z:]/g, "\\$&");
}
