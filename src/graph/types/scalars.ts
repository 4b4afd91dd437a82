import { GraphQLError, GraphQLScalarType, Kind, type ASTNode } from "graphql";
import { GraphQLDateTime } from "graphql-scalars";
import { normalizeIPv4, normalizeIPv6 } from "../../model/ip.js";
import { normalizeMac } from "../../model/mac.js";

/*
 * MAC, IP, IPv4 and IPv6 are graphql-scalars' by name only: strict where text comes in and lenient where it goes out. Theirs
 * check on the way out too, and MAC knows six octets only: one InfiniBand device, or one odd row of an engine's database,
 * would put an error in place of a whole list. And theirs pass input on as it is spelt, so that a search would miss.
 */

/** An IPv4 address. */
export const IPv4Scalar = createAddressScalar("IPv4", "An IPv4 address, four decimal octets.", normalizeIPv4);

/** An IPv6 address. */
export const IPv6Scalar = createAddressScalar(
  "IPv6",
  "An IPv6 address, written as RFC 5952 says and without a zone. Any spelling is understood.",
  normalizeIPv6,
);

/** An address of either kind. */
export const IPScalar = createAddressScalar(
  "IP",
  "An IPv4 or IPv6 address; IPv6 as RFC 5952 writes it and without a zone. Any spelling is understood.",
  (text) => normalizeIPv4(text) ?? normalizeIPv6(text),
);

/** A hardware address. */
export const MACScalar = createAddressScalar(
  "MAC",
  "A hardware address in lower case with colons: 6 octets, or 8 or 20 (InfiniBand). " +
    "Upper case, dashes, dotted groups of four and no separator at all are understood.",
  normalizeMac,
  (text) => normalizeMac(text) ?? text,
);

/** A point in time. */
export const DateTimeScalar = new GraphQLScalarType({
  ...GraphQLDateTime.toConfig(),
  description: "A point in time, UTC, as RFC 3339 writes it, such as `2026-11-24T10:15:30.000Z`.",
});

function createAddressScalar(
  name: string,
  description: string,
  canonical: (text: string) => string | null,
  shown: (text: string) => string = (text) => text,
): GraphQLScalarType {
  const parse = (value: unknown, node?: ASTNode): string => {
    const address = typeof value === "string" ? canonical(value) : null;
    if (address !== null) return address;
    throw new GraphQLError(`${shortenValue(value)} is not a valid ${name} address`, {
      ...(node !== undefined && { nodes: node }),
      extensions: { code: "BAD_USER_INPUT" },
    });
  };
  return new GraphQLScalarType({
    name,
    description,
    serialize: (value) => shown(String(value)),
    parseValue: (value) => parse(value),
    parseLiteral: (node) => parse(node.kind === Kind.STRING ? node.value : null, node),
  });
}

/** Enough of a bad value to find it by, and no more. */
function shortenValue(value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value) : "a value that is no text";
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
