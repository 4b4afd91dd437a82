import type { FollowQuestion, GuestEvent } from "../loaders/guest-events.js";
import type { HostStateEvent } from "../loaders/host-states.js";
import type { Loaders } from "../loaders/loaders.js";
import { createNeverAvailableError } from "./errors.js";
import type { Role } from "../model/roles.js";

/** The viewer who asks. Without authentication, everybody is a viewer with every role. */
export interface Viewer {
  readonly name: string;
  readonly roles: ReadonlySet<Role>;
}

/**
 * What mutations may do. The composition root implements it. An error with a code, as {@link createGraphError} makes,
 * reaches the client.
 */
export interface HostAdmin {
  /**
   * Polls the host now, instead of at its next turn. Resolves when the pass has ended, well or not. Rejects with the
   * signal's reason when the signal is aborted; the pass itself continues.
   */
  refreshHost(hostId: string, signal?: AbortSignal): Promise<void>;
  /** Starts to poll `address` (`host` or `host:port`). Returns the host's id, the same as before if the host was known. */
  addHost(address: string): Promise<string>;
  /** Stops polling the host. What it last reported stays readable, as stale. */
  removeHost(hostId: string): Promise<void>;
}

/** Yields events of the VMs that a subscriber asks for and the viewer may see, until the subscriber has gone. */
export type FollowGuests = (question: Omit<FollowQuestion, "scope" | "viewer">) => AsyncIterable<GuestEvent>;

/** Yields the states of hosts, those with the ids or all, until the subscriber has gone. */
export type FollowHosts = (hostIds: readonly string[] | null) => AsyncIterable<HostStateEvent>;

/** All that a resolver gets besides its arguments. Each request has its own. */
export interface GraphContext {
  readonly loaders: Loaders;
  readonly viewer: Viewer;
  /** `null` where this process polls no hosts, such as on an engine's own database. */
  readonly hostAdmin: HostAdmin | null;
  /** `null` where no change log exists, such as on an engine's own database. */
  readonly followGuests: FollowGuests | null;
  /** `null` where {@link followGuests} is. */
  readonly followHosts: FollowHosts | null;
}

/** Returns the interface for mutations. Throws an error if there is none here. */
export function findHostAdmin({ hostAdmin }: GraphContext): HostAdmin {
  if (hostAdmin !== null) return hostAdmin;
  throw createNeverAvailableError("hosts cannot be managed here: this gateway polls no hosts of its own");
}
