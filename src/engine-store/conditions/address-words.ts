import type { IpFamily } from "../../model/address/cidr.js";

/**
 * Builds the expression that casts a word to `inet`; NULL if it is no address of the family (`null`: of either). An
 * engine stores what guests report, and a cast of a malformed word would fail the whole statement. `word` is evaluated
 * several times, and must have no zone.
 */
export function parseWord(word: string, family: IpFamily | null): string {
  const four = `CASE WHEN ${word} ~ '^${IPV4}$' THEN ${word}::inet END`;
  if (family === 4) return four;
  // A word may end with an IPv4 address, which stands for two groups.
  const six = `CASE WHEN CASE WHEN strpos(${word}, '.') = 0 THEN ${isIpv6(word)}
    ELSE ${isIpv6(`regexp_replace(${word}, ':${IPV4}$', ':0:0')`)} END THEN ${word}::inet END`;
  return family === 6 ? six : `CASE WHEN strpos(${word}, ':') > 0 THEN ${six} ELSE ${four} END`;
}

/**
 * Builds the expression that splits a text of addresses into words without zones, a row each. An engine joins them by
 * `,`, and in `vm_ip` by a blank. A SELECT of such rows is computed by itself, so that each word is made once however
 * often it is used. OFFSET would do the same, but would leave what uses the words to one process.
 */
export function selectWords(column: string): string {
  return `split_part(unnest(string_to_array(replace(${column}, ' ', ','), ',')), '%', 1)`;
}

/**
 * Builds the condition that a word is no loopback address: those that an engine keeps are not shown. Few words begin as one does.
 * LIKE finds that out at a tenth of the cost.
 */
export function isNoLoopback(word: string): string {
  return `(${beginsOtherwise(word)} OR ${word} !~ '^${LOOPBACK}')`;
}

/** Builds the condition that a column has a word that is no loopback address. Most texts begin with such a word. */
export function hasOtherThanLoopback(column: string): string {
  return `(${column} <> '' AND (${beginsOtherwise(column)} AND ${column} NOT LIKE ' %' AND ${column} NOT LIKE ',%'
    OR ${column} ~ '(^|[,[:space:]])${NO_LOOPBACK_PATTERN}[^,[:space:]]'))`;
}

/** Builds the text of a `vm_ip` without its loopback addresses. Only a text that may have one is changed. */
export function dropLoopbackWords(column: string): string {
  const mayHaveOne = ["127.", ":", "0"]
    .map((start) => `strpos(' ' || ${column}, ' ${start}') > 0`)
    .join(" OR ");
  return `CASE WHEN ${mayHaveOne} THEN ltrim(regexp_replace(${column}, '(^|[,[:space:]]+)${LOOPBACK}', '', 'g'))
    ELSE ${column} END`;
}

function beginsOtherwise(text: string): string {
  return ["127.%", ":%", "0%"].map((start) => `${text} NOT LIKE '${start}'`).join(" AND ");
}

/**
 * A loopback address up to the end of its word, as a part of a regular expression: one of IPv4, also mapped or translated into IPv6, or `::1`.
 * It may be in any spelling and case. The one exception is `::` behind `ffff`, for a single group, which no system writes.
 */
const LOOPBACK =
  "(?:127\\.[0-9.]+|[0:]+:(?:0{0,3}1|0\\.0\\.0\\.1|[Ff]{4}:(?:0{1,4}:)?(?:127\\.[0-9.]+|7[Ff][0-9A-Fa-f]{2}:[0-9A-Fa-f]{1,4})))" +
  "(?:%[^,[:space:]]*)?(?=[,[:space:]]|$)";

/** What a word does not begin with if it is no loopback address, as a part of a regular expression. */
export const NO_LOOPBACK_PATTERN = `(?!${LOOPBACK})`;

/**
 * Builds the condition that a word is an IPv6 address in hexadecimal. It checks three rules, because one pattern for
 * all forms takes PostgreSQL forty times as long, 25 microseconds a word. Most of the time still goes to the one regular
 * expression; LIKE takes a tenth of it.
 * 1. It has digits and colons alone, and no five digits side by side.
 * 2. It has `::` once at most, and a single colon at neither end.
 * 3. It has eight groups, or fewer beside `::`.
 */
function isIpv6(word: string): string {
  const hasColons = (count: number) => `${word} LIKE '${"%:".repeat(count)}%'`;
  return `(${word} !~ '[^:]{5}|[^0-9A-Fa-f:]' AND CASE WHEN ${word} NOT LIKE '%::%'
    THEN ${hasColons(7)} AND NOT ${hasColons(8)} AND ${word} NOT LIKE ':%' AND ${word} NOT LIKE '%:'
    ELSE ${word} NOT LIKE '%::%::%' AND ${word} NOT LIKE '%:::%'
      AND (${word} LIKE '::%' OR ${word} NOT LIKE ':%') AND (${word} LIKE '%::' OR ${word} NOT LIKE '%:')
      AND NOT ${hasColons(9)} AND (NOT ${hasColons(8)} OR ${word} LIKE '::%' OR ${word} LIKE '%::') END)`;
}

const OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
const IPV4 = `${OCTET}(?:\\.${OCTET}){3}`;

/**
 * Selects all addresses that an engine's tables hold, as `vm_id` and `address`. It selects some of them several times,
 * and NULL for each word that is no address: a condition on `address` here would parse each word twice.
 *
 * To check a word by itself takes up to ten times as long as the cast, since PostgreSQL prepares the expression for each word anew.
 * So the texts of many VMs are checked as one ({@link selectOddGroups}), and only where one of them is odd each word is.
 *
 * Most texts are one word, so each text is parsed as it is, which is cheaper than splitting it. A list gives NULL there,
 * and is split beside it. PostgreSQL also takes each text that is split for ten rows; with millions of rows in sight it
 * would not use several processes.
 */
export function selectAllAddresses({
  family,
  reachingOnly,
}: {
  /** The family of the addresses; `null`: both. */
  readonly family: IpFamily | null;
  /** Whether to leave out the link-local addresses that nearly every interface has. */
  readonly reachingOnly: boolean;
}): string {
  const isMeant = (word: string) =>
    [
      isNoLoopback(word),
      ...(reachingOnly ? [`${word} NOT LIKE 'fe80:%' AND ${word} NOT LIKE 'FE80:%'`] : []),
    ].join(" AND ");
  const select = (
    id: string,
    table: string,
    column: string,
    held: IpFamily | null,
    parsed: IpFamily | null,
  ) => {
    const odd = `odd_${column.replace(".", "_")}`;
    const isList = `(${[",", " ", "\\%"].map((mark) => `${column} LIKE '%${mark}%'`).join(" OR ")})`;
    const isOther = (word: string) =>
      held === parsed ? "false" : `strpos(${word}, ':') ${parsed === 4 ? ">" : "="} 0`;
    const parse = (
      word: string,
      isNone: string,
      group: string,
    ) => `CASE WHEN ${isOdd(odd, group)} THEN ${parseWord(word, parsed)}
      WHEN ${isNone} OR ${isOther(word)} THEN NULL ELSE ${word}::inet END`;
    return {
      check: `${odd} AS (${selectOddGroups(id, table, column, held)})`,
      selects: [
        `SELECT ${id} AS vm_id, ${parse(column, isList, groupVms(id))} AS address FROM ${table}
          WHERE ${column} <> '' AND ${isMeant(column)}`,
        `SELECT w.vm_id, ${parse("w.word", "false", groupVms("w.vm_id"))} AS address
          FROM (SELECT ${id} AS vm_id, ${selectWords(column)} AS word FROM ${table} WHERE ${isList}) w
          WHERE ${isMeant("w.word")}`,
      ],
    };
  };
  const families = family === null ? ([4, 6] as const) : [family];
  const parts = [
    ...families.map((each) =>
      select("g.vm_id", "vm_guest_agent_interfaces g", `g.ipv${each}_addresses`, each, each),
    ),
    select("i.vm_guid", "vm_dynamic i", "i.vm_ip", null, family),
  ];
  return `WITH ${parts.map(({ check }) => check).join(", ")} ${parts.flatMap(({ selects }) => selects).join(" UNION ALL ")}`;
}

/**
 * Selects the addresses of a guest interface `g`, in the column `address`. `checks` are parts of the WITH clause of the statement,
 * which check all interfaces as {@link selectAllAddresses} does.
 */
export function selectInterfaceAddresses(): { readonly checks: string; readonly select: string } {
  const check = (family: IpFamily) =>
    selectOddGroups("c.vm_id", "vm_guest_agent_interfaces c", `c.ipv${family}_addresses`, family);
  const words = selectWords("concat_ws(',', nullif(g.ipv4_addresses, ''), nullif(g.ipv6_addresses, ''))");
  return {
    checks: `odd AS (${check(4)} UNION ALL ${check(6)})`,
    select: `(SELECT each.address FROM (
      SELECT CASE WHEN ${isOdd("odd", groupVms("g.vm_id"))} THEN ${parseWord("each.word", null)} ELSE each.word::inet END AS address
      FROM (SELECT ${words} AS word) each WHERE ${isNoLoopback("each.word")} OFFSET 0) each
      WHERE each.address IS NOT NULL)`,
  };
}

function isOdd(groups: string, group: string): string {
  return `${group} = ANY(ARRAY(SELECT o.vms FROM ${groups} o))`;
}

/** Builds the number of the group, of 256, to which a VM belongs. */
function groupVms(id: string): string {
  return `(uuid_hash(${id}) & 255)`;
}

/** Selects the groups of VMs that have a text which is more, or less, than a list of addresses of the family (`null`: of either). */
function selectOddGroups(id: string, table: string, column: string, family: IpFamily | null): string {
  const word = family === 4 ? IPV4 : family === 6 ? IPV6 : `(?:${IPV4}|${IPV6})`;
  return `SELECT ${groupVms(id)} AS vms FROM ${table} WHERE ${column} <> ''
    GROUP BY 1 HAVING string_agg(${column}, ',') || ',' !~ '^(?:${word}[ ,])*$'`;
}

const GROUP = "[0-9A-Fa-f]{1,4}";

/** The usual forms of an IPv6 address: hexadecimal, in full or with `::` in one of eight places. */
const IPV6 = `(?:${[
  `(?:${GROUP}:){7}${GROUP}`,
  ...[1, 2, 3, 4, 5, 6].map((behind) => `(?:${GROUP}:){1,${7 - behind}}(?::${GROUP}){1,${behind}}`),
  `(?:${GROUP}:){1,7}:`,
  `:(?:(?::${GROUP}){1,7}|:)`,
].join("|")})`;
