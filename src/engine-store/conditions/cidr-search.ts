import { formatAddress, formatCidr, listEquivalentCidrs, type Cidr } from "../../model/address/cidr.js";
import type { SqlParameters } from "../../store/postgres/sql.js";

/**
 * Selects the ids of the VMs with an address in a prefix. No index of an engine helps, so all addresses are read once:
 * 1. LIKE finds the few rows that may have such an address, by what all of them begin with;
 * 2. each word of these that is an address beyond doubt is compared as one. A cast of any other word would fail for all.
 */
export function selectVmsInCidr(cidr: Cidr, parameters: SqlParameters): string {
  const selects = listEquivalentCidrs(cidr).flatMap((each) => {
    const matches = (column: string) => matchCidr(column, each, parameters);
    const column = each.family === 4 ? "ipv4_addresses" : "ipv6_addresses";
    return [
      `SELECT g.vm_id FROM vm_guest_agent_interfaces g WHERE ${matches(`g.${column}`)}`,
      `SELECT i.vm_guid FROM vm_dynamic i WHERE ${matches("i.vm_ip")}`,
    ];
  });
  return selects.join(" UNION ALL ");
}

/** Selects the addresses in a prefix as they are, with their VMs, each once. The prefix is no whole family. */
export function selectAddressesInCidr(cidr: Cidr, parameters: SqlParameters): string {
  const selects = listEquivalentCidrs(cidr).flatMap((each) => {
    const address = parseWord(each, parameters);
    const select = (id: string, table: string, column: string) => `
      SELECT ${address} AS address, ${id} AS vm_id FROM ${table}
      CROSS JOIN LATERAL regexp_split_to_table(${column}, '[,[:space:]]+') AS w (word)
      WHERE ${mayMatch(column, each, parameters)}
        AND ${address} <<= ${parameters.add(formatCidr(each))}::inet`;
    return [
      select(
        "g.vm_id",
        "vm_guest_agent_interfaces g",
        each.family === 4 ? "g.ipv4_addresses" : "g.ipv6_addresses",
      ),
      select("i.vm_guid", "vm_dynamic i", "i.vm_ip"),
    ];
  });
  return selects.join(" UNION ");
}

function matchCidr(column: string, cidr: Cidr, parameters: SqlParameters): string {
  const isNear = mayMatch(column, cidr, parameters);
  const pattern = cidr.family === 4 ? IPV4 : IPV6;
  // Every address of the family: whether there is one is known without comparing any.
  if (cidr.prefix === 0)
    return `${isNear} AND ${column} ~* ${parameters.add(`(^|[,[:space:]])${pattern}(%|[,[:space:]]|$)`)}::text`;
  return `${isNear} AND EXISTS (
      SELECT FROM regexp_split_to_table(${column}, '[,[:space:]]+') AS w (word)
      WHERE ${parseWord(cidr, parameters)} <<= ${parameters.add(formatCidr(cidr))}::inet)`;
}

/** Builds the address that `w.word` is, without its zone; NULL if it is none of the family. */
function parseWord({ family }: Cidr, parameters: SqlParameters): string {
  const word = "split_part(w.word, '%', 1)";
  const pattern = family === 4 ? IPV4 : IPV6;
  return `CASE WHEN ${word} ~* ${parameters.add(`^${pattern}$`)}::text THEN ${word}::inet END`;
}

/** Builds what holds for every text that may have an address of the prefix, by LIKE alone. */
function mayMatch(column: string, cidr: Cidr, parameters: SqlParameters): string {
  const needles = listNeedles(cidr).map((needle) => `${column} LIKE ${parameters.add(needle)}::text`);
  return needles.length === 1 ? needles.join("") : `(${needles.join(" OR ")})`;
}

/** Lists LIKE patterns, of which every text with an address of the prefix matches one. `_` stands for a letter in either case. */
function listNeedles({ family, first, prefix }: Cidr): readonly string[] {
  if (family === 4) {
    const octets = formatAddress({ family, value: first })
      .split(".")
      .slice(0, Math.floor(prefix / 8));
    const needle = `%${octets.map((octet) => `${octet}.`).join("")}%`;
    return [needle.replace(/^%(\d+\.\d+\.\d+\.\d+)\.%$/, "%$1%")];
  }
  if (prefix >= 96 && first >> 32n === MAPPED_GROUPS) return MAPPED_NEEDLES;
  const groups = Array.from({ length: Math.floor(prefix / 16) }, (_, group) =>
    ((first >> BigInt(112 - 16 * group)) & 0xffffn).toString(16),
  );
  const shown = groups.filter((group) => group !== "0").map((group) => group.replaceAll(/[a-f]/g, "_"));
  // Groups that hold an IPv4 address may be written as one.
  return [["", ...(prefix > 96 ? shown.slice(0, -2) : shown), ":%"].join("%")];
}

/** What addresses of IPv4 begin with that are mapped into IPv6: `::ffff`. */
const MAPPED_GROUPS = 0xffffn;

/**
 * A mapped address begins with a zero, or with none, before `ffff`. An engine joins addresses by `,`, and in `vm_ip` by a blank. Other
 * addresses of guests hardly ever do: to parse all of them would take as long as the database may.
 */
const MAPPED_NEEDLES = ["", "%,", "% "].flatMap((start) => [`${start}::____:%`, `${start}0%:____:%`]);

const OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
const IPV4 = `${OCTET}(?:\\.${OCTET}){3}`;
const GROUP = "[0-9a-f]{1,4}";

/** All forms of an IPv6 address: whole, and with `::` after each number of groups. */
const IPV6 = `(?:${[
  `(?:${GROUP}:){7}${GROUP}`,
  ...[1, 2, 3, 4, 5, 6].map((left) => `(?:${GROUP}:){1,${left}}(?::${GROUP}){1,${7 - left}}`),
  `(?:${GROUP}:){1,7}:`,
  `:(?:(?::${GROUP}){1,7}|:)`,
  `::(?:ffff:)?${IPV4}`,
].join("|")})`;
