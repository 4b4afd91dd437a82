import type { SqlParameters } from "../../store/postgres/sql.js";
import { listStoredSpellings, normalizeIPv6, splitIPv6 } from "../../model/address/ip.js";

/**
 * Lists patterns for LIKE. A text that has the address, in whatever spelling and case, matches one of them. Other texts
 * may match, too: the patterns find few rows fast, without changing the case of every row.
 */
export function listNeedles(address: string): readonly string[] {
  const canonical = normalizeIPv6(address);
  if (canonical === null) return [`%${address}%`];
  const groups = splitIPv6(canonical);
  // Every spelling has the groups that are not zero, in this order, perhaps with zeros before each.
  const inOrder = groups.filter((group) => group !== "0").map(hideLetters);
  const needles = [["", ...(inOrder.length === 0 ? ["::"] : inOrder), ""].join("%")];
  if (inOrder.length === 0) needles.push("%0:0%");
  const dotted = new Set([...listDottedSpellings(groups), ...(canonical.includes(".") ? [canonical] : [])]);
  return [...needles, ...[...dotted].map((spelling) => `%${hideLetters(spelling)}%`)];
}

/** Replaces letters by `_`, which stands for any one character, and so for a letter in either case. */
function hideLetters(group: string): string {
  return group.replaceAll(/[a-f]/g, "_");
}

/** Lists every spelling in which an engine may have stored the canonical address, since it stores what guests write. */
export function listSpellings(address: string): readonly string[] {
  const canonical = normalizeIPv6(address);
  if (canonical === null) return [address.toLowerCase()];
  const groups = splitIPv6(canonical);
  const padded = groups.map((group) => group.padStart(4, "0"));
  return [
    ...new Set([
      ...listStoredSpellings(canonical),
      ...listDottedSpellings(groups),
      groups.join(":"),
      padded.join(":"),
    ]),
  ];
}

/**
 * Lists the spellings with dots of an IPv6 address that ends with an IPv4 address. C libraries write such addresses so, as that
 * of `sit0`, and Windows those of ISATAP.
 */
function listDottedSpellings(groups: readonly string[]): readonly string[] {
  const front = findDottedFront(groups);
  if (front === null) return [];
  const octets = groups.slice(6).flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
  return [`${front}${octets.join(".")}`];
}

/** Finds what stands in front of the IPv4 address; `null` if the address is none that is written with dots. */
function findDottedFront(groups: readonly string[]): string | null {
  if (groups[5] === "5efe" && (groups[4] === "0" || groups[4] === "200")) {
    return normalizeIPv6([...groups.slice(0, 6), "1", "1"].join(":"))?.replace(/1:1$/, "") ?? null;
  }
  if (groups.slice(0, 5).some((group) => group !== "0")) return null;
  return groups[5] === "ffff" ? "::ffff:" : groups[5] === "0" ? "::" : null;
}

/**
 * Builds the condition that a column has one of the MACs, in lower or in upper case. A few texts are compared one by
 * one, because PostgreSQL takes half as long again to look through an array. An index that an administrator made serves
 * both forms.
 */
export function matchMacs(column: string, macs: readonly string[], parameters: SqlParameters): string {
  const spellings = [...new Set(macs.flatMap((mac) => [mac, mac.toUpperCase()]))];
  if (spellings.length === 0 || spellings.length > FEW_SPELLINGS) {
    return `${column} = ANY(${parameters.add(spellings)}::varchar[])`;
  }
  return `(${spellings.map((mac) => `${column} = ${parameters.add(mac)}::varchar`).join(" OR ")})`;
}

const FEW_SPELLINGS = 4;

/**
 * Builds the condition that a guest interface `g` has the MAC, in any case and spelling, since an engine stores what the guest wrote.
 * LIKE finds the few rows that have the digits of its octets in this order, which takes no longer than to compare the usual spellings. Letters
 * match any character, so that a MAC of letters alone takes three times as long.
 */
export function matchGuestMac(mac: string, parameters: SqlParameters): string {
  const octets = mac.split(":");
  const needle = ["", ...octets.map(hideLetters), ""].join("%");
  return `(g.mac_address LIKE ${parameters.add(needle)}::text AND ${selectDigits("g.mac_address")} = ${parameters.add(octets.join(""))}::text)`;
}

/** Builds the condition that a guest's and a vNIC's MAC are the same, in any case and spelling. */
export function isSameMac(guestMac: string, nicMac: string): string {
  return `${selectDigits(nicMac)} = ${selectDigits(guestMac)}`;
}

/** Builds the digits of a MAC, in lower case. */
function selectDigits(column: string): string {
  const digits = [":", "-", ".", " "].reduce((text, mark) => `replace(${text}, '${mark}', '')`, column);
  return `lower(${digits} COLLATE "C")`;
}
