import { isDeepStrictEqual } from "node:util";
import type { TextMatch, VmSearch } from "../../../loaders/rows.js";
import { isTextInCidr, type Cidr } from "../../../model/address/cidr.js";
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
  if (other.kind !== "inCidr" || other.mapped !== undefined) return false;
  if (one.kind === "inCidr") return isWithinIPv4(one.cidr, other.cidr);
  return addresses?.every((each) => isTextInCidr(each, other.cidr)) === true;
}

/** Prefixes of mapped addresses alone come as those of IPv4. */
function isWithinIPv4(inner: Cidr, outer: Cidr): boolean {
  const isIPv4 = inner.family === 4 && outer.family === 4;
  return isIPv4 && outer.first <= inner.first && inner.last <= outer.last;
}
