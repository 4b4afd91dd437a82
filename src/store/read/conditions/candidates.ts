import type { SqlParameters } from "../../postgres/sql.js";
import type { VmFilter } from "../../types.js";
import type { VmSearch } from "../../vm-search.js";
import { OWN_CONDITIONS, selectMayBeStale } from "./own-conditions.js";
import type { VmScopeSql } from "./scope.js";
import { buildSearchCondition, selectHosts, type VmConditionSql } from "./search-conditions.js";
import { isAscii, listTrigrams, matchText, type TextMatch } from "./text-match.js";
import { buildNameContains, buildVmConditions } from "./vm-conditions.js";

/** Some VMs, among which are all that a condition finds. */
interface Candidates {
  /** Selects their ids. Of more than `most` it may select others, as long as these are as many. */
  readonly select: (parameters: SqlParameters) => string;
  /** So many VMs are looked up and sorted faster than a page among all VMs is filled. */
  readonly most: number;
  /** Whether a table is read for them, which must not go far in vain. */
  readonly isScanned: boolean;
}

/** What indexes find costs little even if it is of no use. */
const MOST_FOUND = 2_000;
const MOST_SCANNED = 500;
/** A page in the order of names is filled by their index alone, so that it is soon full. */
const MOST_BY_NAME = 300;

/** The VMs that a statement finds. */
export interface CandidateSearch {
  readonly filter: VmFilter;
  readonly scope: VmScopeSql;
  readonly source: VmConditionSql;
  /** Whether candidates are looked for by reading a table, too: to fill a page with few VMs takes much longer. */
  readonly mayScan: boolean;
}

/**
 * Builds a statement of the VMs of a filter, of which there may be few or nearly all. If PostgreSQL cannot know, it first looks
 * for some candidates, in one way after another: if there are no more, these are looked up; otherwise a page is soon full. Only
 * one part of the statement finds VMs.
 */
export function buildByCandidates(
  { filter, scope, source, mayScan }: CandidateSearch,
  parameters: SqlParameters,
  build: (where: string, isLookedUp: boolean) => string,
): string {
  const many = buildVmConditions(filter, scope, source, parameters);
  const ways = listCandidates(filter, source).filter(({ isScanned }) => mayScan || !isScanned);
  if (ways.length === 0) return build(many, false);
  const one = buildVmConditions(filter, scope, { ...source, isLookedUp: true }, parameters);
  const found = ways.map(
    ({
      select,
      most,
    }) => `SELECT ids FROM (SELECT ARRAY(SELECT * FROM (${select(parameters)}) o LIMIT ${most + 1}) AS ids OFFSET 0) f
      WHERE cardinality(ids) <= ${most}`,
  );
  const few = "(SELECT ids FROM few)";
  return `WITH few AS MATERIALIZED (SELECT * FROM (${found.join(" UNION ALL ")}) w LIMIT 1)
    (${build(`${one} AND s.vm_guid = ANY(${few}::uuid[])`, true)})
    UNION ALL SELECT * FROM (${build(many, false)}) m WHERE ${few} IS NULL`;
}

/**
 * Lists ways to find the VMs of a filter, the cheapest first. PostgreSQL knows how many VMs have an id, an address or a MAC, so that no
 * names are looked through beside these; it never knows how many are stale.
 */
function listCandidates(
  { ids, hostId, ip, nameContains, search }: VmFilter,
  source: VmConditionSql,
): readonly Candidates[] {
  const parts = [
    ...(nameContains === undefined ? [] : [buildNameContains(nameContains)]),
    ...(search === undefined ? [] : listParts(search)),
  ];
  const isNarrow =
    [ids, hostId, ip].some((each) => each !== undefined) || parts.some(({ kind }) => NARROW_KINDS.has(kind));
  return parts
    .filter(({ kind }) => !isNarrow || kind === "staleReason")
    .flatMap((part) => findCandidates(part, source) ?? [])
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

/** Finds a way to the VMs of a condition; `null`: there is none, or PostgreSQL finds the best one by itself. */
function findCandidates(search: VmSearch, source: VmConditionSql): Candidates | null {
  switch (search.kind) {
    case "and":
      return listCandidates({ search }, source)[0] ?? null;
    case "or": {
      const each = search.parts.map((part) => findCandidates(part, source));
      const found = each.filter((one) => one !== null);
      if (found.length < each.length) return null;
      return {
        select: (parameters) => found.map(({ select }) => `(${select(parameters)})`).join(" UNION ALL "),
        most: Math.min(...found.map(({ most }) => most)),
        isScanned: found.some(({ isScanned }) => isScanned),
      };
    }
    case "staleReason": {
      const reasons = search.reasons.filter((reason) => reason !== null);
      if (reasons.length === 0 || reasons.length < search.reasons.length) return null;
      return { select: () => selectMayBeStale(reasons), most: MOST_FOUND, isScanned: false };
    }
    case "interfaceName":
      return findByNames(search.match, INTERFACES);
    case "network":
      return findByNames(search.match, NICS);
    case "text":
      return isBeginningKnown(search.match) ? null : findByText(search, source);
    default:
      return null;
  }
}

function findByText(
  search: VmSearch & { readonly kind: "text" },
  { isWalked = false }: VmConditionSql,
): Candidates | null {
  switch (search.key) {
    case "cluster":
      return null;
    case "host":
      return {
        select: (parameters) => `SELECT o.vm_guid FROM vm_dynamic o
          WHERE o.run_on_vds = ANY(ARRAY(${selectHosts(search.match, parameters)}))`,
        most: MOST_FOUND,
        isScanned: false,
      };
    case "name":
      return findByPart(search, {
        table: "vm_static s",
        column: "s.vm_name",
        most: isWalked ? MOST_BY_NAME : MOST_FOUND,
      });
    case "fqdn":
      return findByPart(search, { table: "vm_dynamic d", column: "d.vm_fqdn", most: MOST_FOUND });
  }
}

/**
 * Finds VMs by part of a text, by an index of all three characters that follow one another in it. It lists all VMs that have them,
 * so a sample of the table comes first: if many match, a page is soon full. A shorter part is compared row by row.
 */
function findByPart(
  search: VmSearch & { readonly kind: "text" },
  { table, column, most }: { readonly table: string; readonly column: string; readonly most: number },
): Candidates {
  const trigrams = listTrigrams(search.match);
  const select = (parameters: SqlParameters): string => {
    const matches = () => buildSearchCondition(search, OWN_CONDITIONS, parameters);
    if (trigrams.length === 0) return `SELECT vm_guid FROM ${table} WHERE ${matches()}`;
    const sampled = `SELECT * FROM ${table} TABLESAMPLE SYSTEM (1) REPEATABLE (0) LIMIT ${SAMPLE}`;
    const matching = `(SELECT count(*) FROM (${sampled}) ${table.split(" ")[1]} WHERE ${matches()})`;
    // If many match, it is enough to know that.
    return `SELECT vm_guid FROM ${table} WHERE ${matching} <= ${MOST_OF_SAMPLE}
        AND vnic_graph_trigrams(${column}) COLLATE "C" @> ${parameters.add(trigrams)}::text[] AND ${matches()}
      UNION ALL (SELECT vm_guid FROM ${table} WHERE ${matching} > ${MOST_OF_SAMPLE} LIMIT ${MOST_FOUND + 1})`;
  };
  return trigrams.length === 0
    ? { select, most: MOST_SCANNED, isScanned: true }
    : { select, most, isScanned: false };
}

/** Of so many VMs, taken from everywhere in the table, more than a fiftieth must match. */
const SAMPLE = 1_000;
const MOST_OF_SAMPLE = 20;

/** A table of rows with names, and an index of these in lower case. */
interface NamedRows {
  readonly table: string;
  readonly name: string;
  readonly id: string;
  /** Selects the ids of VMs by those of some of these rows. */
  readonly selectVms: (rows: string) => string;
}

const INTERFACES: NamedRows = {
  table: "vm_guest_agent_interfaces",
  name: "interface_name",
  id: "vm_id",
  selectVms: (rows) => rows,
};

/** If there are too many vNICs, it is enough to know that. */
const NICS: NamedRows = {
  table: "vnic_graph_nic",
  name: "network",
  id: "nic_id",
  selectVms: (rows) => `WITH nics AS MATERIALIZED (SELECT ARRAY(${rows}) AS ids)
    SELECT i.vm_guid FROM vm_interface i
      WHERE i.id = ANY((SELECT ids FROM nics WHERE cardinality(ids) <= ${MOST_FOUND})::uuid[])
    UNION ALL SELECT unnest(ids) FROM nics WHERE cardinality(ids) > ${MOST_FOUND}`,
};

/** So many different names are compared. Hosts of containers give each of their interfaces a name of its own. */
const MOST_NAMES = 1_000;

/**
 * Finds VMs by part of a name. There are few different names as a rule, and an index lists them: from each name to the next one.
 * If there are too many, all rows are compared. BETWEEN: where few names are frequent, PostgreSQL would read the table for a rare
 * one, but it expects little of a range.
 */
function findByNames(match: TextMatch, { table, name, id, selectVms }: NamedRows): Candidates | null {
  if (isBeginningKnown(match)) return null;
  const select = (parameters: SqlParameters): string => {
    const rows = `SELECT t.${id} FROM ${table} t WHERE`;
    const byName = `${rows} ${matchText(`t.${name}`, match, parameters)}`;
    if (!isByLowerCase(match)) return `${byName} LIMIT ${MOST_SCANNED + 1}`;
    const lower = `lower(t.${name} COLLATE "C")`;
    return `WITH RECURSIVE walked(name) AS (
        (SELECT ${lower} FROM ${table} t ORDER BY 1 LIMIT 1)
        UNION ALL SELECT (SELECT ${lower} FROM ${table} t WHERE ${lower} > w.name ORDER BY 1 LIMIT 1)
        FROM walked w WHERE w.name IS NOT NULL),
      names AS MATERIALIZED (SELECT w.name FROM walked w WHERE w.name IS NOT NULL LIMIT ${MOST_NAMES + 1}),
      found AS (SELECT n.name FROM names n WHERE (SELECT count(*) FROM names) <= ${MOST_NAMES}
        AND ${matchText("n.name", match, parameters)})
      SELECT v.id FROM found f CROSS JOIN LATERAL (
        SELECT t.${id} AS id FROM ${table} t WHERE ${lower} BETWEEN f.name AND f.name LIMIT ${MOST_FOUND + 1}) v
      UNION ALL ${byName} AND (SELECT count(*) FROM names) > ${MOST_NAMES} LIMIT ${MOST_FOUND + 1}`;
  };
  return {
    select: (parameters) => selectVms(select(parameters)),
    most: isByLowerCase(match) ? MOST_FOUND : MOST_SCANNED,
    isScanned: !isByLowerCase(match),
  };
}

/** Returns `true` if an index finds texts by their beginning, or complete ones. */
function isBeginningKnown({ parts, also }: TextMatch): boolean {
  return parts[0] !== "" || (also !== undefined && isBeginningKnown(also));
}

/** Returns `true` if a name in lower case matches whenever the name itself does. An `I` matches `ı`, and an `i` does not. */
function isByLowerCase({ parts, ignoreCase, also }: TextMatch): boolean {
  return ignoreCase && parts.every(isAscii) && (also === undefined || isByLowerCase(also));
}
