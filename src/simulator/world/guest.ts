import { createBondedVlans, createBridged } from "./guests/layered.js";
import { createDockerHost } from "./guests/containers.js";
import {
  createDualStack,
  createIpv6Only,
  createLinuxServer,
  createManyAddresses,
  createTunnelled,
} from "./guests/linux.js";
import {
  createAgentless,
  createDuplicateNames,
  createGuestIpsOnly,
  createInfiniBand,
  createLateAgent,
  createNonAscii,
  createOldAgent,
  createSrIov,
} from "./guests/odd.js";
import { createWindowsOldAgent, createWindowsQemuAgent } from "./guests/windows.js";
import type { Random } from "./random.js";
import type { GuestFactory } from "./vm-spec.js";

/** All kinds of guests, each with the first part of its VMs' names. */
export const GUEST_KINDS = {
  "linux server": { stem: "web", make: createLinuxServer },
  "bond with VLANs": { stem: "db", make: createBondedVlans },
  "docker host": { stem: "docker", make: createDockerHost },
  "IPv6 only": { stem: "edge", make: createIpv6Only },
  "Windows, qemu-ga": { stem: "win-dc", make: createWindowsQemuAgent },
  "no agent": { stem: "appliance", make: createAgentless },
  "old agent without addresses": { stem: "legacy", make: createOldAgent },
  "Windows, old agent": { stem: "win-app", make: createWindowsOldAgent },
  "non-ASCII": { stem: "büro", make: createNonAscii },
  bridges: { stem: "router", make: createBridged },
  "dual stack": { stem: "app", make: createDualStack },
  tunnel: { stem: "vpn", make: createTunnelled },
  "duplicate names": { stem: "clone", make: createDuplicateNames },
  "guestIPs only": { stem: "el6", make: createGuestIpsOnly },
  "late agent": { stem: "batch", make: createLateAgent },
  "SR-IOV": { stem: "nfv", make: createSrIov },
  "many addresses": { stem: "mail", make: createManyAddresses },
  InfiniBand: { stem: "hpc", make: createInfiniBand },
} as const satisfies Record<string, { stem: string; make: GuestFactory }>;

/** The name of a kind of guest. */
export type GuestKind = keyof typeof GUEST_KINDS;

const ALL_KINDS = Object.keys(GUEST_KINDS) as [GuestKind, ...GuestKind[]];

/** The kinds of most guests in a real cluster. The unusual kinds are there so that they are not forgotten. */
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

/**
 * Picks the kind of the VM at a position. The first VMs have every kind once, in order; later ones mostly the usual
 * kinds.
 */
export function pickKind(position: number, random: Random): GuestKind {
  return ALL_KINDS[position] ?? (random.drawChance(0.8) ? random.pick(USUAL_KINDS) : random.pick(ALL_KINDS));
}
