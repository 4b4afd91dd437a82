import { isIPv4, isIPv6 } from "node:net";
import ipaddr from "ipaddr.js";

/** The MAC in lower case with colons, or `null` if the text is none; an engine stores what the guest said. */
export function macOf(text: string | null): string | null {
  const mac = (text ?? "").trim().toLowerCase().replaceAll("-", ":");
  return MAC.test(mac) ? mac : null;
}

/** The IPv4 addresses of a column, each once, in stored order; `''` and NULL are both none. */
export function ipv4sOf(text: string | null): readonly string[] {
  return [...new Set(wordsOf(text).filter(isIPv4))];
}

/** The IPv6 addresses of a column, without zones, in canonical text, each once, in stored order. */
export function ipv6sOf(text: string | null): readonly string[] {
  return [...new Set(wordsOf(text).flatMap(canonicalIPv6))];
}

/** Every way in which an engine may have stored the canonical address: guests are not asked to be canonical. */
export function spellingsOf(address: string): readonly string[] {
  if (!isIPv6(address) || address.includes("%")) return [address.toLowerCase()];
  const parsed = ipaddr.IPv6.parse(address);
  const groups = parsed.toNormalizedString().split(":");
  return [
    ...new Set([
      address.toLowerCase(),
      parsed.toRFC5952String(),
      groups.join(":"),
      groups.map((group) => group.padStart(4, "0")).join(":"),
    ]),
  ];
}

/** Columns of addresses are joined by `,`, and `vm_ip` by blanks. */
function wordsOf(text: string | null): string[] {
  return (text ?? "").split(/[,\s]+/).filter((word) => word !== "");
}

function canonicalIPv6(word: string): string[] {
  const [address = "", ...zones] = word.split("%");
  if (zones.length > 1 || !isIPv6(address)) return [];
  return [ipaddr.IPv6.parse(address).toRFC5952String()];
}

/** 6 octets; 8 and 20 are InfiniBand's. */
const MAC = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}(?:(?::[0-9a-f]{2}){2}|(?::[0-9a-f]{2}){14})?$/;
