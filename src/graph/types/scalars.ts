import { GraphQLError, GraphQLScalarType, Kind, type ASTNode } from "graphql";
import { GraphQLDateTime } from "graphql-scalars";
import { CidrError, formatCidr, parseCidr, type Cidr } from "../../model/address/cidr.js";
import { normalizeAddress, normalizeIPv4, normalizeIPv6 } from "../../model/address/ip.js";
import { normalizeMac } from "../../model/address/mac.js";

/*
 * MAC, IP, IPv4 and IPv6 share only their names with those of graphql-scalars. Ours are strict with input and lenient
 * with output:
 * - graphql-scalars also checks output, and its MAC has six octets only. One InfiniBand interface, or one malformed row
 *   of an engine's database, would replace a whole list by an error.
 * - graphql-scalars passes input on as it is written, so that a search for another spelling would find nothing.
 */

/** An IPv4 address. */
export const IPv4Scalar = createAddressScalar({
  name: "IPv4",
  description: "An IPv4 address, four decimal octets.",
  specifiedByURL: "https://www.rfc-editor.org/rfc/rfc791",
  normalize: normalizeIPv4,
});

/** An IPv6 address. */
export const IPv6Scalar = createAddressScalar({
  name: "IPv6",
  description: "An IPv6 address, written as RFC 5952 says and without a zone. Any spelling is understood.",
  specifiedByURL: "https://www.rfc-editor.org/rfc/rfc5952",
  normalize: normalizeIPv6,
});

/** An address of either kind. */
export const IPScalar = createAddressScalar({
  name: "IP",
  description:
    "An IPv4 or IPv6 address; IPv6 as RFC 5952 writes it and without a zone. Any spelling is understood.",
  specifiedByURL: "https://www.rfc-editor.org/rfc/rfc5952",
  normalize: normalizeAddress,
});

/** A hardware address. */
export const MACScalar = createAddressScalar({
  name: "MAC",
  description:
    "A hardware address in lower case with colons: 6 octets, or 8 or 20 (InfiniBand). " +
    "Upper case, dashes, blanks, groups of four or six digits and no separator at all are understood.",
  specifiedByURL: "https://www.rfc-editor.org/rfc/rfc9542",
  normalize: normalizeMac,
  format: (text) => normalizeMac(text) ?? text,
});

/** A network prefix. Resolvers get it parsed. */
export const CidrScalar = new GraphQLScalarType<Cidr, string>({
  name: "CIDR",
  description:
    "A network prefix, such as `10.0.0.0/8` or `2001:db8::/32`. Bits behind the length must be zero. A prefix of " +
    "mapped addresses (`::ffff:10.0.0.0/104`) is the same as that of the IPv4 addresses.",
  specifiedByURL: "https://www.rfc-editor.org/rfc/rfc4632",
  serialize: (value) => formatCidr(value as Cidr),
  parseValue: (value) => parseCidrInput(value),
  parseLiteral: (node) => parseCidrInput(node.kind === Kind.STRING ? node.value : null, node),
});

function parseCidrInput(value: unknown, node?: ASTNode): Cidr {
  try {
    return parseCidr(typeof value === "string" ? value : "");
  } catch (error) {
    if (!(error instanceof CidrError)) throw error;
    throw new GraphQLError(`${shortenValue(value)} ${error.message}`, {
      ...(node !== undefined && { nodes: node }),
      extensions: { code: "BAD_USER_INPUT" },
    });
  }
}

const DATE_TIME = GraphQLDateTime.toConfig();

/** A point in time, in the years with four digits that PostgreSQL can hold. */
export const DateTimeScalar = new GraphQLScalarType({
  ...DATE_TIME,
  parseValue: (value) => checkYear(DATE_TIME.parseValue(value)),
  parseLiteral: (node, variables) => checkYear(DATE_TIME.parseLiteral(node, variables)),
  specifiedByURL: "https://www.rfc-editor.org/rfc/rfc3339",
  description: "A point in time, UTC, as RFC 3339 writes it, such as `2026-11-24T10:15:30.000Z`.",
});

function checkYear(at: Date): Date {
  const year = at.getUTCFullYear();
  if (year >= 1 && year <= 9_999) return at;
  throw new GraphQLError("a point in time must be in the years 1 to 9999, in UTC", {
    extensions: { code: "BAD_USER_INPUT" },
  });
}

interface AddressScalar {
  readonly name: string;
  readonly description: string;
  readonly specifiedByURL: string;
  /** Returns the normalized text of an address that came in; `null` if it is no address. */
  readonly normalize: (text: string) => string | null;
  readonly format?: (text: string) => string;
}

function createAddressScalar({ name, normalize, format = (text) => text, ...about }: AddressScalar) {
  const parse = (value: unknown, node?: ASTNode): string => {
    const address = typeof value === "string" ? normalize(value) : null;
    if (address !== null) return address;
    throw new GraphQLError(`${shortenValue(value)} is not a valid ${name} address`, {
      ...(node !== undefined && { nodes: node }),
      extensions: { code: "BAD_USER_INPUT" },
    });
  };
  return new GraphQLScalarType({
    name,
    ...about,
    serialize: (value) => format(String(value)),
    parseValue: (value) => parse(value),
    parseLiteral: (node) => parse(node.kind === Kind.STRING ? node.value : null, node),
  });
}

/** Shortens a bad value; the rest is enough to find it by. */
function shortenValue(value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value) : "a value that is no text";
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
