import { parseCidr, unmapAddress, type Cidr, type IpNumber } from "./cidr.js";

/**
 * How far an address reaches, the farthest first:
 * - `global`: beyond its site. Private IPv4 ranges count as global, because most machines have no other address;
 * - `shared`: the range of carriers and overlay networks (100.64.0.0/10), and that of measurements (198.18.0.0/15);
 * - `unique-local`: fc00::/7, and the older site-local range;
 * - `tunnel`: made by a machine itself from its IPv4 address (Teredo, 6to4). Packets to it go by relays, which are gone;
 * - `link-local`: its own link only, such as an address that a machine chooses while no DHCP server answers.
 */
export type AddressScope = (typeof ADDRESS_SCOPES)[number];

/** All scopes, the farthest first. */
export const ADDRESS_SCOPES = ["global", "shared", "unique-local", "tunnel", "link-local"] as const;

/**
 * Finds how far an address reaches. `null`: nobody can ever reach another machine by it. It is loopback, unspecified, a
 * group's, reserved, or one to which a machine without IPv4 translates (192.0.0.0/29).
 */
export function findAddressScope(address: IpNumber): AddressScope | null {
  const { family, value } = unmapAddress(address);
  return family === 4 ? findScope(RANGES_OF_4, Number(value)) : findScope(RANGES_OF_6, value);
}

/** A range of addresses as numbers. IPv4 uses plain numbers instead of `bigint`, because these compare faster. */
interface Range<Value> {
  readonly first: Value;
  readonly last: Value;
  readonly scope: AddressScope | null;
}

function findScope<Value extends number | bigint>(
  ranges: readonly Range<Value>[],
  value: Value,
): AddressScope | null {
  for (const { first, last, scope } of ranges) if (value >= first && value <= last) return scope;
  return "global";
}

const RANGES: readonly { readonly cidr: Cidr; readonly scope: AddressScope | null }[] = (
  [
    { cidr: "0.0.0.0/8", scope: null },
    { cidr: "127.0.0.0/8", scope: null },
    { cidr: "192.0.0.0/29", scope: null },
    { cidr: "224.0.0.0/3", scope: null },
    { cidr: "169.254.0.0/16", scope: "link-local" },
    { cidr: "100.64.0.0/10", scope: "shared" },
    { cidr: "198.18.0.0/15", scope: "shared" },
    // Unspecified, loopback, and the older form of mapped addresses, before `::ffff:`.
    { cidr: "::/96", scope: null },
    { cidr: "ff00::/8", scope: null },
    { cidr: "fe80::/10", scope: "link-local" },
    { cidr: "fec0::/10", scope: "unique-local" },
    { cidr: "fc00::/7", scope: "unique-local" },
    { cidr: "2001::/32", scope: "tunnel" },
    { cidr: "2002::/16", scope: "tunnel" },
  ] as const
).map(({ cidr, scope }) => ({ cidr: parseCidr(cidr), scope }));

/** The prefixes whose addresses reach no other link: those that nobody is reached by, and link-local ones. */
export const PREFIXES_OF_NO_REACH: readonly Cidr[] = RANGES.filter(
  ({ scope }) => scope === null || scope === "link-local",
).map(({ cidr }) => cidr);

const RANGES_OF_4 = RANGES.filter(({ cidr }) => cidr.family === 4).map(
  ({ cidr: { first, last }, scope }) => ({
    first: Number(first),
    last: Number(last),
    scope,
  }),
);
const RANGES_OF_6 = RANGES.filter(({ cidr }) => cidr.family === 6).map(
  ({ cidr: { first, last }, scope }) => ({
    first,
    last,
    scope,
  }),
);
