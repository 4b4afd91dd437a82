import { isIPv4, isIPv6 } from "node:net";

/** The two families of addresses, by their version. */
export type IpFamily = 4 | 6;

/** An address as a number, for comparing and masking. */
export interface IpNumber {
  readonly family: IpFamily;
  readonly value: bigint;
}

/** A network prefix. */
export interface Cidr {
  readonly family: IpFamily;
  readonly first: bigint;
  readonly last: bigint;
  readonly prefix: number;
}

/** The text is not a prefix. The message says why, and continues a sentence that begins with the text. */
export class CidrError extends Error {
  override readonly name = "CidrError";
}

const BITS: Readonly<Record<IpFamily, number>> = { 4: 32, 6: 128 };

/** Parses an address without a zone; `null` if the text is not one. */
export function parseAddress(text: string): IpNumber | null {
  if (isIPv4(text)) return { family: 4, value: parseOctets(text) };
  if (!isIPv6(text) || text.includes("%")) return null;
  return { family: 6, value: parseGroups(text) };
}

/**
 * Parses `address/length`. Throws {@link CidrError} if the length does not fit the family, or bits behind it are set.
 * `10.1.2.3/8` may mean the address or the network, and a wrong guess would find the wrong guests.
 */
export function parseCidr(text: string): Cidr {
  const [, addressText = "", lengthText = ""] = /^([0-9a-f.:]{2,45})\/(\d{1,3})$/i.exec(text) ?? [];
  const address = parseAddress(addressText);
  if (address === null) throw new CidrError("is not a prefix; write it like 10.0.0.0/8 or 2001:db8::/32");
  const bits = BITS[address.family];
  const prefix = Number(lengthText);
  if (prefix > bits) throw new CidrError(`has a length over ${bits}, the most for IPv${address.family}`);
  const size = 1n << BigInt(bits - prefix);
  const first = (address.value / size) * size;
  if (first !== address.value) {
    const network = formatAddress({ family: address.family, value: first });
    throw new CidrError(`has bits behind its length; the network is ${network}/${prefix}`);
  }
  return { family: address.family, first, last: first + size - 1n, prefix };
}

/** Formats a prefix in its one text form. */
export function formatCidr({ family, first, prefix }: Cidr): string {
  return `${formatAddress({ family, value: first })}/${prefix}`;
}

/**
 * Returns `true` if the prefix contains the address. An IPv4 address equals the same address mapped into IPv6
 * (`::ffff:10.1.2.3`), so that a prefix of either family contains both.
 */
export function isInCidr(address: IpNumber, cidr: Cidr): boolean {
  return listEquivalentCidrs(cidr).some(
    ({ family, first, last }) => address.family === family && address.value >= first && address.value <= last,
  );
}

/** Does the same for an address as text. What is no address is in no prefix. */
export function isTextInCidr(text: string, cidr: Cidr): boolean {
  const address = parseAddress(text);
  return address !== null && isInCidr(address, cidr);
}

/** Lists the prefix itself and, if it is in IPv4 or mapped IPv4, the same prefix of the other family. */
export function listEquivalentCidrs(cidr: Cidr): readonly Cidr[] {
  const { family, first, last, prefix } = cidr;
  if (family === 4) {
    return [cidr, { family: 6, first: MAPPED + first, last: MAPPED + last, prefix: prefix + 96 }];
  }
  const isMapped = prefix >= 96 && first >> 32n === MAPPED >> 32n;
  return isMapped
    ? [cidr, { family: 4, first: first - MAPPED, last: last - MAPPED, prefix: prefix - 96 }]
    : [cidr];
}

/** Returns `true` if an address of the family may be in the prefix. One of IPv4 may be mapped into IPv6, and is of IPv4 all the same. */
export function mayHaveFamily(cidr: Cidr, family: IpFamily): boolean {
  const hasOnlyIPv4 = listEquivalentCidrs(cidr).length > 1;
  if (family === 6) return !hasOnlyIPv4;
  const hasMapped = cidr.first <= MAPPED + 0xffff_ffffn && cidr.last >= MAPPED;
  return hasOnlyIPv4 || hasMapped;
}

/** Lists an address and, if it is IPv4 or mapped IPv4, the same address of the other family, as texts. */
export function listEquivalentAddresses(text: string): readonly string[] {
  const address = parseAddress(text);
  if (address === null) return [];
  const { family, value } = unmapAddress(address);
  const forms: IpNumber[] =
    family === 4
      ? [
          { family, value },
          { family: 6, value: MAPPED + value },
        ]
      : [address];
  return forms.map(formatAddress);
}

/** Returns the IPv4 address if the given one is mapped into IPv6; any other address as it is. */
export function unmapAddress(address: IpNumber): IpNumber {
  const isMapped = address.family === 6 && address.value >> 32n === MAPPED >> 32n;
  return isMapped ? { family: 4, value: address.value - MAPPED } : address;
}

/** Formats an address as it is stored: in RFC 5952's form, with an embedded IPv4 address in its own notation. */
export function formatAddress({ family, value }: IpNumber): string {
  const octets = [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 0xffn)).join(".");
  if (family === 4) return octets;
  const before = BEFORE_IPV4.get(value >> 32n);
  if (before !== undefined) return before + octets;
  const groups = Array.from({ length: 8 }, (_, group) =>
    ((value >> BigInt(112 - 16 * group)) & 0xffffn).toString(16),
  );
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}

/** `::ffff:0:0`, the first of the IPv6 addresses to which IPv4 is mapped. */
const MAPPED = 0xffffn << 32n;

/** What stands before an embedded IPv4 address, by the bits before it: mapped (RFC 4291) and translated (RFC 7915). */
const BEFORE_IPV4: ReadonlyMap<bigint, string> = new Map([
  [0xffffn, "::ffff:"],
  [0xffff_0000n, "::ffff:0:"],
]);

function parseOctets(text: string): bigint {
  let [value, octet] = [0, 0];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === DOT) [value, octet] = [value * 256 + octet, 0];
    else octet = octet * 10 + code - ZERO;
  }
  return BigInt(value * 256 + octet);
}

const DOT = 46;
const ZERO = 48;

function parseGroups(text: string): bigint {
  // URL converts dotted spellings to hexadecimal groups. It is slow, but such spellings are rare.
  const plain = text.includes(".") ? new URL(`http://[${text}]`).hostname.slice(1, -1) : text;
  const [left = [], right = []] = plain.split("::").map((half) => (half === "" ? [] : half.split(":")));
  const groups = [...left, ...new Array<string>(8 - left.length - right.length).fill("0"), ...right];
  return BigInt(`0x${groups.map((group) => group.padStart(4, "0")).join("")}`);
}
