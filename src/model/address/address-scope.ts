import { parseCidr, unmapAddress, type Cidr, type IpNumber } from "./cidr.js";

/**
 * How far an address reaches, the farthest first:
 * - `global`: beyond its site, and private IPv4 ranges, which most machines have instead;
 * - `shared`: the range of carriers and overlay networks (100.64.0.0/10), and that of measurements (198.18.0.0/15);
 * - `unique-local`: fc00::/7 and the site-local range before it;
 * - `link-local`: its own link only, such as what a machine gives itself while no DHCP server answers.
 */
export type AddressScope = (typeof ADDRESS_SCOPES)[number];

/** All scopes, the farthest first. */
export const ADDRESS_SCOPES = ["global", "shared", "unique-local", "link-local"] as const;

/**
 * Finds how far an address reaches. `null`: nobody else can ever reach the machine by it. It is loopback, unspecified,
 * a group's, reserved, or one of those that a machine without IPv4 translates to (192.0.0.0/29).
 */
export function findAddressScope(address: IpNumber): AddressScope | null {
  const { family, value } = unmapAddress(address);
  const match = RANGES.find(
    ({ cidr }) => cidr.family === family && value >= cidr.first && value <= cidr.last,
  );
  return match === undefined ? "global" : match.scope;
}

const RANGES: readonly { readonly cidr: Cidr; readonly scope: AddressScope | null }[] = (
  [
    ["0.0.0.0/8", null],
    ["127.0.0.0/8", null],
    ["192.0.0.0/29", null],
    ["224.0.0.0/3", null],
    ["169.254.0.0/16", "link-local"],
    ["100.64.0.0/10", "shared"],
    ["198.18.0.0/15", "shared"],
    // Unspecified, loopback, and the form that mapped addresses had before `::ffff:`.
    ["::/96", null],
    ["ff00::/8", null],
    ["fe80::/10", "link-local"],
    ["fec0::/10", "unique-local"],
    ["fc00::/7", "unique-local"],
  ] as const
).map(([text, scope]) => ({ cidr: parseCidr(text), scope }));
