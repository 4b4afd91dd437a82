import type { SqlParameters } from "../../postgres/sql.js";
import type { VmSearch } from "../../vm-search.js";
import { OWN_CONDITIONS } from "./own-conditions.js";
import { buildSearchCondition, selectHosts } from "./search-conditions.js";
import { isAscii, listTrigrams, matchText, type TextMatch } from "./text-match.js";

/** Some VMs, among which are all that a condition finds. */
export interface Candidates {
  /** Selects their ids. Of more than `most` it may select others, as long as these are as many. */
  readonly select: (parameters: SqlParameters) => string;
  /** More than these are of no use: a page is soon filled among all VMs. */
  readonly most: number;
  /** `true`: to look for them takes longer than it spares to count what is found. */
  readonly isForPages?: boolean;
}

/** What indexes find costs little even if it is of no use. */
export const MOST_FOUND = 2_000;
/** What is found by reading a table must not be read far in vain. */
const MOST_SCANNED = 500;
/** One index has all VMs on a network, and is read in its order. */
const MOST_ON_NETWORK = 5_000;

/** Finds VMs by part of a text of their own, or of their host's; `null`: nothing is known of it. */
export function findByText(search: VmSearch & { readonly kind: "text" }): Candidates | null {
  if (isBeginningKnown(search.match) && !hasInnerTrigram(search.match)) return null;
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
      return findByPart(search, { table: "vm_static", alias: "s", column: "vm_name" });
    case "fqdn":
      return findByPart(search, { table: "vm_dynamic", alias: "d", column: "vm_fqdn" });
  }
}

/** A table of VMs with texts, by the alias that conditions use, and an index of the texts' trigrams. */
interface TextRows {
  readonly table: string;
  readonly alias: string;
  readonly column: string;
}

/**
 * Finds VMs by part of a text, by an index of all three characters that follow one another in it. It lists all VMs that have them,
 * so a sample of the table comes first: if many match, a page is soon full. A shorter part is compared row by row.
 */
function findByPart(
  search: VmSearch & { readonly kind: "text" },
  { table, alias, column }: TextRows,
): Candidates {
  const trigrams = listTrigrams(search.match);
  const rows = `${table} ${alias}`;
  const select = (parameters: SqlParameters): string => {
    const matches = () => buildSearchCondition(search, OWN_CONDITIONS, parameters);
    if (trigrams.length === 0) return `SELECT vm_guid FROM ${rows} WHERE ${matches()}`;
    const sampled = `SELECT * FROM ${table} TABLESAMPLE SYSTEM (1) REPEATABLE (0) LIMIT ${SAMPLE}`;
    const matching = `(SELECT count(*) FROM (${sampled}) ${alias} WHERE ${matches()})`;
    // If many match, it is enough to know that.
    return `SELECT vm_guid FROM ${rows} WHERE ${matching} <= ${MOST_OF_SAMPLE}
        AND vnic_graph_trigrams(${column}) COLLATE "C" @> ${parameters.add(trigrams)}::text[] AND ${matches()}
      UNION ALL (SELECT vm_guid FROM ${rows} WHERE ${matching} > ${MOST_OF_SAMPLE} LIMIT ${MOST_FOUND + 1})`;
  };
  return trigrams.length === 0
    ? { select, most: MOST_SCANNED, isForPages: true }
    : { select, most: MOST_FOUND };
}

/** Of so many VMs, from everywhere among the first hundred thousand of the table, more than a fiftieth must match. */
const SAMPLE = 1_000;
const MOST_OF_SAMPLE = 20;

/** A table of rows with names, the column of their VMs, and an index of the names in lower case. */
interface NamedRows {
  readonly table: string;
  readonly name: string;
  /** So many VMs are found by a part of a name. */
  readonly most: number;
  /** `true`: the index has all that is needed to find VMs by the beginning of a name, too. */
  readonly hasVms: boolean;
}

export const INTERFACES: NamedRows = {
  table: "vm_guest_agent_interfaces",
  name: "interface_name",
  most: MOST_FOUND,
  hasVms: false,
};

export const NICS: NamedRows = {
  table: "vnic_graph_nic",
  name: "network",
  most: MOST_ON_NETWORK,
  hasVms: true,
};

/** So many different names are compared. Hosts of containers give each of their interfaces a name of its own. */
const MOST_NAMES = 1_000;

/**
 * Finds VMs by part of a name. There are few different names as a rule, and an index lists them: from each name to the next one.
 * If there are too many, all rows are compared. Ranges: where few names are frequent, PostgreSQL would read the table for a rare
 * one, but it expects little of a range, whatever the values are, so that it need not plan the statement for each of them. In the
 * index's order: a table's rows of one name may all stand at its end.
 */
export function findByNames(
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
      `${selectByName(parameters)} AND ${matchBeginning(lower, match, parameters)} ORDER BY ${lower}`;
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
        SELECT t.vm_id FROM ${table} t WHERE ${lower} BETWEEN f.name AND f.name
          ORDER BY ${lower} LIMIT ${mostFound + 1}) v
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

/** Returns `true` if a text must have three characters behind a beginning that need not be theirs. */
function hasInnerTrigram({ parts, also }: TextMatch): boolean {
  return parts.slice(1).some((part) => part.length >= 3) || (also !== undefined && hasInnerTrigram(also));
}

/** Returns `true` if an index finds texts by their beginning, or complete ones. */
function isBeginningKnown({ parts, also }: TextMatch): boolean {
  return parts[0] !== "" || (also !== undefined && isBeginningKnown(also));
}

/** Returns `true` if a name in lower case matches whenever the name itself does. An `I` matches `ı`, and an `i` does not. */
function isByLowerCase({ parts, ignoreCase, also }: TextMatch): boolean {
  return ignoreCase && parts.every(isAscii) && (also === undefined || isByLowerCase(also));
}
