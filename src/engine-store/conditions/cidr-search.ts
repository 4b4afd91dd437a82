import { formatAddress, formatCidr, listEquivalentCidrs, type Cidr } from "../../model/address/cidr.js";
import type { SqlParameters } from "../../store/postgres/sql.js";
import type { MappedAddresses } from "../../store/vm-search.js";
import { andCounts, isMapped } from "../../store/read/conditions/match-cidr.js";
import { isNoLoopback, parseWord, selectWords } from "./address-words.js";

/** Selects the ids of the VMs with an address in a prefix; see {@link selectAddressesInCidr}. */
export function selectVmsInCidr(
  cidr: Cidr,
  parameters: SqlParameters,
  mapped: MappedAddresses | null,
): string {
  const selects = selectInCidr(cidr, parameters, mapped);
  return `SELECT DISTINCT x.vm_id FROM (${selects.join(" UNION ALL ")}) x`;
}

/**
 * Selects the addresses in a prefix with their VMs, some of them several times. No index of an engine helps, so all
 * texts are read once:
 * 1. LIKE finds the rows that may have such an address, by its first characters. If the prefix is long, these rows are
 *    few.
 * 2. Each of their words is cast and compared, if it certainly is an address. A cast of any other word would fail the
 *    statement.
 */
export function selectAddressesInCidr(cidr: Cidr, parameters: SqlParameters): string {
  return selectInCidr(cidr, parameters, null).join(" UNION ALL ");
}

function selectInCidr(
  cidr: Cidr,
  parameters: SqlParameters,
  mapped: MappedAddresses | null,
): readonly string[] {
  return listEquivalentCidrs(cidr).flatMap((each) => {
    const address = parseWord("w.word", each.family);
    // To parse a word again takes as long as all else. So its beginning tells first whether it may be a mapped address.
    const isMappedWord = `CASE WHEN ${MAPPED_STARTS.map((start) => `w.word LIKE '${start}'`).join(" OR ")}
      THEN ${isMapped(address)} ELSE false END`;
    const select = (id: string, table: string, column: string) => `
      SELECT w.vm_id, ${address} AS address FROM (
        SELECT ${id} AS vm_id, ${selectWords(column)} AS word FROM ${table}
        WHERE ${mayMatch(column, each, parameters)}) w
      WHERE ${isNoLoopback("w.word")} AND ${address} <<= ${parameters.add(formatCidr(each))}::inet
        ${andCounts(mapped, isMappedWord)}`;
    return [
      select(
        "g.vm_id",
        "vm_guest_agent_interfaces g",
        each.family === 4 ? "g.ipv4_addresses" : "g.ipv6_addresses",
      ),
      select("i.vm_guid", "vm_dynamic i", "i.vm_ip"),
    ];
  });
}

/**
 * Builds a condition by LIKE alone that every text with an address of the prefix fulfils; other texts may fulfil it,
 * too.
 */
function mayMatch(column: string, cidr: Cidr, parameters: SqlParameters): string {
  const needles = listNeedles(cidr).map((needle) => `${column} LIKE ${parameters.add(needle)}::text`);
  return needles.length === 1 ? needles.join("") : `(${needles.join(" OR ")})`;
}

/**
 * Lists LIKE patterns, so that every text with an address of the prefix matches one. `_` stands for a letter in either
 * case.
 */
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
const MAPPED_STARTS = ["::____:%", "0%:____:%"];
const MAPPED_NEEDLES = ["", "%,", "% "].flatMap((before) => MAPPED_STARTS.map((start) => before + start));
