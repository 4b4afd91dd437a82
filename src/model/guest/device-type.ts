import { isContainerInterface } from "./container-names.js";

/** The kind of a guest interface, guessed from its name. */
export type DeviceType = "VLAN" | "BOND" | "BRIDGE" | "CONTAINER";

/** Guesses the kind of an interface from its name; `null`: a plain one, or unknown. */
export function guessDeviceType(name: string | null): DeviceType | null {
  if (name === null) return null;
  if (isContainerInterface(name)) return "CONTAINER";
  if (/^(?:vlan[-_]?\d+|[^.]+\.\d{1,4})$/i.test(name)) return "VLAN";
  if (/^(?:(?:bond|team)(?:\d+|[-_].+)|lagg\d+)$/i.test(name)) return "BOND";
  return /^(?:(?:vm|xen|ovs)?br\d+|br[-_].+|bridge\d*)$/i.test(name) ? "BRIDGE" : null;
}

/** The kind of an interface that no vNIC has, as far as its name shows. */
export type DeviceKind = DeviceType | "VPN" | "UNKNOWN";

/** Guesses the kind of an interface that no vNIC has. Drift and the portal tell them apart by this alone. */
export function guessDeviceKind(name: string | null): DeviceKind {
  // The interface of a virtual router, such as `vrrp.51`, looks like a VLAN by its name, but is not one.
  const type = /^vrrp/i.test(name ?? "") ? null : guessDeviceType(name);
  if (type !== null) return type;
  return name !== null && isVpnInterface(name) ? "VPN" : "UNKNOWN";
}

/** Returns `true` for names of loopback, with or without a label (`lo:0`). */
export function isLoopbackInterface(name: string | null): boolean {
  return name !== null && /^lo\d*(?::.*)?$/i.test(name);
}

/**
 * Returns `true` for names of other interfaces that a guest makes itself, that have MACs and no {@link guessDeviceType} type. Windows ends
 * those that it hides with a star and a number, such as that of a cluster.
 */
export function isVirtualInterface(name: string): boolean {
  return VIRTUAL_NAMES.test(name);
}

/** Short words have a number or a mark behind them: `lo0` and `gre.1`, but not `local0` and `green0`. */
export const VIRTUAL_NAMES = new RegExp(
  `^(?:${[
    "(?:lo|tunl?|sit|gre(?:tap)?|ip6gre|vti|ifb)(?:[\\d.:_-][\\w.:-]*)?",
    "(?:tap|wg|zt|tailscale|vrrp|macvlan|macvtap|ipvlan|dummy|ip6tnl|vnet|vxlan|geneve|erspan|nlmon)[\\w.:-]*",
    "vEthernet \\(.*|.*\\* \\d+",
  ].join("|")})$`,
  "i",
);

/** Returns `true` for names that VPN programs give their interfaces. */
export function isVpnInterface(name: string): boolean {
  return VPN_NAMES.test(name);
}

/** Names of interfaces of VPN programs, on Linux, BSD and Windows. */
export const VPN_NAMES = new RegExp(
  `^(?:${[
    "u?tun\\d*|tap\\d*|wg[\\w-]*|ppp\\d+|zt\\w+|tailscale\\d*|nordlynx|ipsec\\d*|vti\\d*|xfrm\\d*|gpd\\d+|cscotun\\d+|cali-wg|proton\\d+|nebula\\d*",
    // pfSense's and OpenVPN's own, NetBird, Hamachi, SoftEther, FortiClient, Zscaler.
    "tun_wg\\d+|ovpn[\\w-]*|wt\\d+|ham\\d+|vpn_\\w+|fctvpn\\w+|zcctun\\d+",
    "OpenVPN.*|WireGuard.*|TAP-Windows.*|Tailscale.*|ZeroTier.*|CloudflareWARP.*|Hamachi.*|Radmin VPN.*|ProtonVPN.*|VPN - .*",
  ].join("|")})$`,
  "i",
);
