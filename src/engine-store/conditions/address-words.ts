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
    reachingOnly ? `${word} NOT LIKE 'fe80:%' AND ${word} NOT LIKE 'FE80:%'` : "true";
  const select = (id: string, table: string, column: string, parsed: IpFamily | null) => {
    const isList = `(${[",", " ", "\\%"].map((mark) => `${column} LIKE '%${mark}%'`).join(" OR ")})`;
    return [
      `SELECT ${id} AS vm_id, ${parseWord(column, parsed)} AS address FROM ${table}
        WHERE ${column} <> '' AND ${isMeant(column)}`,
      `SELECT w.vm_id, ${parseWord("w.word", parsed)} AS address
        FROM (SELECT ${id} AS vm_id, ${selectWords(column)} AS word FROM ${table} WHERE ${isList}) w
        WHERE ${isMeant("w.word")}`,
    ];
  };
  const families = family === null ? ([4, 6] as const) : [family];
  const interfaces = families.flatMap((each) =>
    select("g.vm_id", "vm_guest_agent_interfaces g", `g.ipv${each}_addresses`, each),
  );
  return [...interfaces, ...select("i.vm_guid", "vm_dynamic i", "i.vm_ip", family)].join(" UNION ALL ");
}
