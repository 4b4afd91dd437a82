import { isDeepStrictEqual } from "node:util";
import type { MappedAddresses, TextMatch, VmSearch } from "../../../loaders/rows.js";
import {
  isTextInCidr,
  mayHaveFamily,
  parseAddress,
  unmapAddress,
  type Cidr,
} from "../../../model/address/cidr.js";
import { matchParts } from "../../../model/match-parts.js";
import { listPlainPatterns } from "./text-contradictions.js";

/**
 * Tells whether each VM that meets one condition meets the other: because they are the same, or by their texts or addresses. A VM
 * that has several names of one kind, or addresses, meets the other one by the same name or address.
 */
export function implies(one: VmSearch, other: VmSearch): boolean {
  if (isDeepStrictEqual(one, other)) return true;
  const [match, otherMatch] = [findMatch(one), findMatch(other)];
  if (match !== null && otherMatch !== null) {
    return match.key === otherMatch.key && impliesText(match.match, otherMatch.match);
  }
  return impliesAddress(one, other);
}

/** Finds the text that a condition compares, and the pattern. */
function findMatch(search: VmSearch): { readonly key: string; readonly match: TextMatch } | null {
  switch (search.kind) {
    case "text":
      return search;
    case "interfaceName":
    case "network":
      return { key: search.kind, match: search.match };
    default:
      return null;
  }
}

/** NUL stands for what may be anything. No pattern has one. */
function impliesText(one: TextMatch, other: TextMatch): boolean {
  const [pattern] = other.also === undefined ? listPlainPatterns(other) : [];
  if (pattern === undefined) return false;
  return listPlainPatterns(one).some((parts) => matchParts(pattern, parts.join("\0")));
}

function impliesAddress(one: VmSearch, other: VmSearch): boolean {
  const addresses = one.kind === "address" ? [one.address] : one.kind === "addresses" ? one.addresses : null;
  if (other.kind === "addresses") {
    const listed = new Set(other.addresses);
    return addresses?.every((each) => listed.has(each)) === true;
  }
  if (other.kind !== "inCidr") return false;
  const { cidr, mapped } = other;
  if (one.kind === "inCidr") return isWithin(one.cidr, cidr) && countsAll(one.cidr, one.mapped, mapped);
  return addresses?.every((each) => isTextInCidr(each, cidr) && countsAddress(each, mapped)) === true;
}

/** Prefixes of mapped addresses alone come as those of IPv4. */
function isWithin(inner: Cidr, outer: Cidr): boolean {
  return inner.family === outer.family && outer.first <= inner.first && inner.last <= outer.last;
}

/** Tells whether all addresses of a prefix that count there (`own`) count in a longer one, too. */
function countsAll(
  cidr: Cidr,
  own: MappedAddresses | undefined,
  other: MappedAddresses | undefined,
): boolean {
  if (other === undefined || own === other) return true;
  return other === "except" && !mayHaveFamily(cidr, 4);
}

function countsAddress(text: string, mapped: MappedAddresses | undefined): boolean {
  const address = parseAddress(text);
  return (
    mapped === undefined || (address !== null && (unmapAddress(address).family === 4) === (mapped === "only"))
  );
}
