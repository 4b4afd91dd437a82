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
 * `,`, and in `vm_ip` by a blank.
 */
export function selectWords(column: string): string {
  return `split_part(unnest(string_to_array(replace(${column}, ' ', ','), ',')), '%', 1)`;
}

/**
 * Builds the condition that a word is an IPv6 address in hexadecimal. It checks three rules, because one pattern for
 * all forms takes PostgreSQL forty times as long, 25 microseconds a word:
 * 1. It has digits and colons alone, and no five digits side by side.
 * 2. It has `::` once at most, and a single colon at neither end.
 * 3. It has eight groups, or fewer beside `::`.
 */
function isIpv6(word: string): string {
  const colons = `length(${word}) - length(replace(${word}, ':', ''))`;
  return `(${word} ~ '^[0-9A-Fa-f:]+$' AND ${word} !~ '[0-9A-Fa-f]{5}'
    AND ${word} NOT LIKE '%::%::%' AND ${word} NOT LIKE '%:::%'
    AND (${word} LIKE '::%' OR ${word} NOT LIKE ':%') AND (${word} LIKE '%::' OR ${word} NOT LIKE '%:')
    AND CASE WHEN strpos(${word}, '::') = 0 THEN ${colons} = 7
      ELSE ${colons} <= CASE WHEN ${word} LIKE '::%' OR ${word} LIKE '%::' THEN 8 ELSE 7 END END)`;
}

const OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
const IPV4 = `${OCTET}(?:\\.${OCTET}){3}`;

/**
 * Selects all addresses that an engine's tables hold, as `vm_id` and `address`, without repetitions. OFFSET keeps
 * PostgreSQL from parsing each text a second time for the comparison.
 */
export function selectAllAddresses({ reachingOnly }: { readonly reachingOnly: boolean }): string {
  // Nearly every interface has a link-local address.
  const isMeant = reachingOnly ? `w.word NOT LIKE 'fe80:%' AND w.word NOT LIKE 'FE80:%'` : "true";
  const select = (id: string, table: string, column: string, family: IpFamily | null) => `(
    SELECT w.vm_id, ${parseWord("w.word", family)} AS address FROM (
      SELECT ${id} AS vm_id, ${selectWords(column)} AS word FROM ${table} WHERE ${column} <> '' OFFSET 0) w
    WHERE ${isMeant} OFFSET 0)`;
  const selects = [
    select("g.vm_id", "vm_guest_agent_interfaces g", "g.ipv4_addresses", 4),
    select("g.vm_id", "vm_guest_agent_interfaces g", "g.ipv6_addresses", 6),
    select("i.vm_guid", "vm_dynamic i", "i.vm_ip", null),
  ];
  return `SELECT a.vm_id, a.address FROM (${selects.join(" UNION ")}) a WHERE a.address IS NOT NULL`;
}
