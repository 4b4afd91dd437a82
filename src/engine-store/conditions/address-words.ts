import type { IpFamily } from "../../model/address/cidr.js";

/**
 * Builds the address that a word is; NULL if it is none of the family, or of either. `word` is read several times, and has no zone.
 * An engine stores what guests report, and a cast of what is no address would fail for everybody.
 */
export function parseWord(word: string, family: IpFamily | null): string {
  const four = `CASE WHEN ${word} ~ '^${IPV4}$' THEN ${word}::inet END`;
  if (family === 4) return four;
  // The IPv4 address that some end with stands for two groups.
  const six = `CASE WHEN CASE WHEN strpos(${word}, '.') = 0 THEN ${isIpv6(word)}
    ELSE ${isIpv6(`regexp_replace(${word}, ':${IPV4}$', ':0:0')`)} END THEN ${word}::inet END`;
  return family === 6 ? six : `CASE WHEN strpos(${word}, ':') > 0 THEN ${six} ELSE ${four} END`;
}

/** Builds the words of a text of addresses, without zones: a row each. An engine joins by `,`, and in `vm_ip` by a blank. */
export function selectWords(column: string): string {
  return `split_part(unnest(string_to_array(replace(${column}, ' ', ','), ',')), '%', 1)`;
}

/**
 * Builds the condition that a word is an IPv6 address in hexadecimal. One pattern for all forms takes PostgreSQL forty times as long,
 * 25 microseconds a word:
 * 1. digits and colons alone, of which there are no five digits side by side;
 * 2. `::` once at most, and a single colon at neither end;
 * 3. eight groups, or fewer beside `::`.
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
 * Selects all addresses that an engine's tables hold, each once a VM, as `vm_id` and `address`. Each text is parsed once: without
 * OFFSET, PostgreSQL would compute each address a second time to compare it.
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
