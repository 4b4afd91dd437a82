import { bondedVlans, bridged } from "./guests/layered.js";
import { dockerHost } from "./guests/containers.js";
import { dualStack, ipv6Only, linuxServer, manyAddresses, tunnelled } from "./guests/linux.js";
import {
  agentless,
  duplicateNames,
  guestIpsOnly,
  infiniBand,
  lateAgent,
  nonAscii,
  oldAgent,
  srIov,
} from "./guests/odd.js";
import { windowsOldAgent, windowsQemuAgent } from "./guests/windows.js";
import type { Random } from "./random.js";
import type { GuestFactory } from "./vm-spec.js";

/** Every kind of guest there is, with the stem of the names that such VMs bear. */
export const GUEST_KINDS = {
  "linux server": { stem: "web", make: linuxServer },
  "bond with VLANs": { stem: "db", make: bondedVlans },
  "docker host": { stem: "docker", make: dockerHost },
  "IPv6 only": { stem: "edge", make: ipv6Only },
  "Windows, qemu-ga": { stem: "win-dc", make: windowsQemuAgent },
  "no agent": { stem: "appliance", make: agentless },
  "old agent without addresses": { stem: "legacy", make: oldAgent },
  "Windows, old agent": { stem: "win-app", make: windowsOldAgent },
  "non-ASCII": { stem: "büro", make: nonAscii },
  bridges: { stem: "router", make: bridged },
  "dual stack": { stem: "app", make: dualStack },
  tunnel: { stem: "vpn", make: tunnelled },
  "duplicate names": { stem: "clone", make: duplicateNames },
  "guestIPs only": { stem: "el6", make: guestIpsOnly },
  "late agent": { stem: "batch", make: lateAgent },
  "SR-IOV": { stem: "nfv", make: srIov },
  "many addresses": { stem: "mail", make: manyAddresses },
  InfiniBand: { stem: "hpc", make: infiniBand },
} as const satisfies Record<string, { stem: string; make: GuestFactory }>;

/** The name of a kind of guest. */
export type GuestKind = keyof typeof GUEST_KINDS;

const ALL_KINDS = Object.keys(GUEST_KINDS) as [GuestKind, ...GuestKind[]];

/** Most guests of a real cluster are plain; the odd ones are there so that nobody forgets them. */
const USUAL_KINDS: readonly [GuestKind, ...GuestKind[]] = [
  "linux server",
  "linux server",
  "linux server",
  "dual stack",
  "dual stack",
  "Windows, qemu-ga",
  "bond with VLANs",
  "no agent",
];

/** The kind of the VM at a position: the first ones are every kind once, in order; then mostly the usual ones. */
export function pickKind(position: number, random: Random): GuestKind {
  return ALL_KINDS[position] ?? (random.chance(0.8) ? random.pick(USUAL_KINDS) : random.pick(ALL_KINDS));
}
