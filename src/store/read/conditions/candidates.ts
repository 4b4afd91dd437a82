import type { SqlParameters } from "../../postgres/sql.js";
import type { VmFilter } from "../../types.js";
import type { VmSearch } from "../../vm-search.js";
import { OWN_CONDITIONS, selectMayBeStale } from "./own-conditions.js";
import type { VmScopeSql } from "./scope.js";
import { buildSearchCondition, selectHosts, type VmConditionSql } from "./search-conditions.js";
import { isAscii, matchText, type TextMatch } from "./text-match.js";
import { buildVmConditions } from "./vm-conditions.js";

/** Some VMs, among which are all that a condition finds. */
interface Candidates {
  /** Selects their ids. Of more than `most` it may select others, as long as these are as many. */
  readonly select: (parameters: SqlParameters) => string;
  /** More than these are of no use: a page is soon filled among all VMs. */
  readonly most: number;
  /** `true`: to look for them takes longer than it spares to count what is found. */
  readonly isForPages?: boolean;
}

/** What indexes find costs little even if it is of no use. */
const MOST_FOUND = 2_000;
/** What is found by reading a table must not be read far in vain. */
const MOST_SCANNED = 500;
/** One index has all VMs on a network, and is read in its order. */
const MOST_ON_NETWORK = 5_000;

/** To look up a VM and to sort it takes as long as to compare the ids of thirty VMs that come in the page's order. */
const MOST_LOOKED_UP = { page: 500, count: MOST_FOUND };

/** The VMs that a statement finds. */
export interface CandidateSearch {
  readonly filter: VmFilter;
  readonly scope: VmScopeSql;
  readonly source: VmConditionSql;
  /** What the statement reads of the VMs: a page of them in order, or how many they are. */
  readonly reads: "page" | "count";
}

/**
 * Builds a statement of the VMs of a filter, of which there may be few or nearly all. PostgreSQL cannot know, or would not read a
 * page by the best way, so that the statement first looks for candidates, in one way after another. If they are few, it looks them
 * up. If not, it reads a page in its order, and looks only at VMs among the candidates; if there are too many of these, a page is
 * soon full. Only one part of the statement finds VMs.
 */
export function buildByCandidates(
  { filter, scope, source, reads }: CandidateSearch,
  parameters: SqlParameters,
  build: (where: string) => string,
): string {
  const ways = listCandidates(filter).filter(({ isForPages }) => reads === "page" || isForPages !== true);
  if (ways.length === 0) return build(buildVmConditions(filter, scope, source, parameters));
  const many = buildVmConditions(filter, scope, { ...source, isByRow: reads === "page" }, parameters);
  const one = buildVmConditions(filter, scope, { ...source, isLookedUp: true }, parameters);
  const listed = ways.map(
    ({ select, most }, at) =>
      `way${at} AS MATERIALIZED (SELECT ARRAY(SELECT * FROM (${select(parameters)}) o LIMIT ${most + 1}) AS ids)`,
  );
  const mostFew = MOST_LOOKED_UP[reads];
  const choose = (isFew: boolean) =>
    ways.map(
      ({ most }, at) =>
        `SELECT ids, ${isFew} FROM way${at} WHERE cardinality(ids) <= ${isFew ? Math.min(most, mostFew) : most}`,
    );
  const chosen = [...choose(true), ...(reads === "page" ? choose(false) : [])];
  const isAmong =
    "CASE WHEN EXISTS (SELECT FROM found) THEN s.vm_guid IN (SELECT unnest(ids) FROM found) ELSE true END";
  return `WITH ${listed.join(", ")},
    found (ids, is_few) AS MATERIALIZED (SELECT * FROM (${chosen.join(" UNION ALL ")}) w LIMIT 1)
    (${build(`${one} AND s.vm_guid = ANY((SELECT ids FROM found WHERE is_few)::uuid[])`)})
    UNION ALL SELECT * FROM (${build(reads === "page" ? `${many} AND ${isAmong}` : many)}) m
      WHERE NOT EXISTS (SELECT FROM found WHERE is_few)`;
}

/**
 * Lists ways to find the VMs of a filter, the cheapest first. PostgreSQL knows how many VMs have an id, an address or a MAC, so that no
 * names are looked through beside these; it never knows how many are stale.
 */
function listCandidates({ ids, hostId, ip, search }: VmFilter): readonly Candidates[] {
  if (search === undefined) return [];
  const parts = listParts(search);
  const isNarrow =
    [ids, hostId, ip].some((each) => each !== undefined) || parts.some(({ kind }) => NARROW_KINDS.has(kind));
  return parts
    .filter(({ kind }) => !isNarrow || kind === "staleReason")
    .flatMap((part) => findCandidates(part) ?? [])
    .sort((one, other) => other.most - one.most)
    .slice(0, MOST_WAYS);
}

/** Each further way may look through a table in vain. */
const MOST_WAYS = 2;

const NARROW_KINDS: ReadonlySet<VmSearch["kind"]> = new Set([
  ...(["id", "hostId", "address", "addresses", "mac", "guestMac", "nicMac", "onTwoHosts", "none"] as const),
]);

/** Lists the conditions that must all hold. */
function listParts(search: VmSearch): readonly VmSearch[] {
  return search.kind === "and" ? search.parts.flatMap(listParts) : [search];
}

/** Returns `true` if a filter asks for a network alone. Then the statement goes by what it finds, whatever the values are. */
export function isByNetwork({ search, ...others }: VmFilter): boolean {
  const parts = search === undefined ? [] : listParts(search);
  return parts.length === 1 && parts[0]?.kind === "network" && Object.keys(others).length === 0;
}

/** Finds a way to the VMs of a condition; `null`: there is none, or PostgreSQL finds the best one by itself. */
function findCandidates(search: VmSearch): Candidates | null {
  switch (search.kind) {
    case "and":
      return listCandidates({ search })[0] ?? null;
    case "or": {
      const each = search.parts.map(findCandidates);
      const found = each.filter((one) => one !== null);
      if (found.length < each.length) return null;
      return {
        select: (parameters) => found.map(({ select }) => `(${select(parameters)})`).join(" UNION ALL "),
        most: Math.min(...found.map(({ most }) => most)),
        isForPages: found.some(({ isForPages }) => isForPages === true),
      };
    }
    case "staleReason": {
      const reasons = search.reasons.filter((reason) => reason !== null);
      if (reasons.length === 0 || reasons.length < search.reasons.length) return null;
      return { select: () => selectMayBeStale(reasons), most: MOST_FOUND };
    }
    case "interfaceName":
      return findByNames(search.match, INTERFACES);
    case "network":
      return findByNames(search.match, NICS);
    case "text":
      return isBeginningKnown(search.match) ? null : findByText(search);
    default:
      return null;
  }
}

function findByText(search: VmSearch & { readonly kind: "text" }): Candidates | null {
  const selectBy = (rows: string) => (parameters: SqlParameters) =>
    `SELECT vm_guid FROM ${rows} WHERE ${buildSearchCondition(search, OWN_CONDITIONS, parameters)}`;
  switch (search.key) {
    case "cluster":
      return null;
    case "host":
      return {
        select: (parameters) => `SELECT o.vm_guid FROM vm_dynamic o
          WHERE o.run_on_vds = ANY(ARRAY(${selectHosts(search.match, parameters)}))`,
        most: MOST_FOUND,
      };
    case "name":
      return { select: selectBy("vm_static s"), most: MOST_SCANNED, isForPages: true };
    case "fqdn":
      return { select: selectBy("vm_dynamic d"), most: MOST_SCANNED, isForPages: true };
  }
}

/** A table of rows with names, the column of their VMs, and an index of the names in lower case. */
interface NamedRows {
  readonly table: string;
  readonly name: string;
  /** So many VMs are found by a part of a name. */
  readonly most: number;
  /** `true`: the index has all that is needed to find VMs by the beginning of a name, too. */
  readonly hasVms: boolean;
}

const INTERFACES: NamedRows = {
  table: "vm_guest_agent_interfaces",
  name: "interface_name",
  most: MOST_FOUND,
  hasVms: false,
};

const NICS: NamedRows = { table: "vnic_graph_nic", name: "network", most: MOST_ON_NETWORK, hasVms: true };

/** So many different names are compared. Hosts of containers give each of their interfaces a name of its own. */
const MOST_NAMES = 1_000;

/**
 * Finds VMs by part of a name. There are few different names as a rule, and an index lists them: from each name to the next one.
 * If there are too many, all rows are compared. Ranges: where few names are frequent, PostgreSQL would read the table for a rare
 * one, but it expects little of a range, whatever the values are, so that it need not plan the statement for each of them.
 */
function findByNames(
  match: TextMatch,
  { table, name, most: mostFound, hasVms }: NamedRows,
): Candidates | null {
  const lower = `lower(t.${name} COLLATE "C")`;
  const selectByName = (parameters: SqlParameters): string =>
    `SELECT t.vm_id FROM ${table} t WHERE ${matchText(`t.${name}`, match, parameters)}`;
  const isIndexed = isByLowerCase(match);
  if (isBeginningKnown(match)) {
    if (!hasVms || !isIndexed) return null;
    const select = (parameters: SqlParameters): string =>
      `${selectByName(parameters)} AND ${matchBeginning(lower, match, parameters)}`;
    return { select, most: mostFound, isForPages: true };
  }
  if (!isIndexed) return { select: selectByName, most: MOST_SCANNED, isForPages: true };
  const select = (parameters: SqlParameters): string => `WITH RECURSIVE walked(name) AS (
        (SELECT ${lower} FROM ${table} t ORDER BY 1 LIMIT 1)
        UNION ALL SELECT (SELECT ${lower} FROM ${table} t WHERE ${lower} > w.name ORDER BY 1 LIMIT 1)
        FROM walked w WHERE w.name IS NOT NULL),
      names AS MATERIALIZED (SELECT w.name FROM walked w WHERE w.name IS NOT NULL LIMIT ${MOST_NAMES + 1}),
      matched AS (SELECT n.name FROM names n WHERE (SELECT count(*) FROM names) <= ${MOST_NAMES}
        AND ${matchText("n.name", match, parameters)})
      SELECT v.vm_id FROM matched f CROSS JOIN LATERAL (
        SELECT t.vm_id FROM ${table} t WHERE ${lower} BETWEEN f.name AND f.name LIMIT ${mostFound + 1}) v
      UNION ALL ${selectByName(parameters)} AND (SELECT count(*) FROM names) > ${MOST_NAMES} LIMIT ${mostFound + 1}`;
  return { select, most: mostFound };
}

/** Builds the condition that a text in lower case is in the range of those with a known beginning, or is the complete one. */
function matchBeginning(lower: string, { parts, also }: TextMatch, parameters: SqlParameters): string {
  const [first = ""] = parts;
  if (first === "" && also !== undefined) return matchBeginning(lower, also, parameters);
  const from = first.toLowerCase();
  if (parts.length === 1)
    return `${lower} BETWEEN ${parameters.add(from)}::text AND ${parameters.add(from)}::text`;
  const next = String.fromCodePoint((from.codePointAt(from.length - 1) ?? 0) + 1);
  return `${lower} >= ${parameters.add(from)}::text AND ${lower} < ${parameters.add(`${from.slice(0, -1)}${next}`)}::text`;
}

/** Returns `true` if an index finds texts by their beginning, or complete ones. */
function isBeginningKnown({ parts, also }: TextMatch): boolean {
  return parts[0] !== "" || (also !== undefined && isBeginningKnown(also));
}

/** Returns `true` if a name in lower case matches whenever the name itself does. An `I` matches `ı`, and an `i` does not. */
function isByLowerCase({ parts, ignoreCase, also }: TextMatch): boolean {
  return ignoreCase && parts.every(isAscii) && (also === undefined || isByLowerCase(also));
}
