import type { FollowQuestion, GuestEvent } from "../loaders/guest-events.js";
import type { HostStateEvent } from "../loaders/host-states.js";
import type { Loaders } from "../loaders/loaders.js";
import { createNeverAvailableError } from "./errors.js";
import type { Role } from "../model/roles.js";

/** The viewer who asks. Without authentication it is one who has every role. */
export interface Viewer {
  readonly name: string;
  readonly roles: ReadonlySet<Role>;
}

/** What mutations may do; the composition root gives it. An error with a code, as {@link createGraphError} makes, reaches the client. */
export interface HostAdmin {
  /**
   * Asks the host now, instead of at its next turn; resolves when the pass has ended, well or not. Rejects with the signal's
   * reason when the signal is aborted; the pass itself goes on.
   */
  refreshHost(hostId: string, signal?: AbortSignal): Promise<void>;
  /** Starts to poll `address` (`host` or `host:port`); answers the host's id, the same if it was known. */
  addHost(address: string): Promise<string>;
  /** Stops to poll the host. What it last reported stays readable, as stale. */
  removeHost(hostId: string): Promise<void>;
}

/** Tells a subscriber what it asks for, as far as the viewer may see it, until it has gone. */
export type FollowGuests = (question: Omit<FollowQuestion, "scope">) => AsyncIterable<GuestEvent>;

/** Tells a subscriber how hosts are, those with the ids or all, until it has gone. */
export type FollowHosts = (hostIds: readonly string[] | null) => AsyncIterable<HostStateEvent>;

/** All that a resolver gets besides its arguments; made anew for every request. */
export interface GraphContext {
  readonly loaders: Loaders;
  readonly viewer: Viewer;
  /** `null` where this process polls no hosts, such as on an engine's own database. */
  readonly hostAdmin: HostAdmin | null;
  /** `null` where nothing says what changes, such as on an engine's own database. */
  readonly followGuests: FollowGuests | null;
  /** `null` where {@link followGuests} is. */
  readonly followHosts: FollowHosts | null;
}

/** Finds the port for mutations, or the error that says why there is none. */
export function findHostAdmin({ hostAdmin }: GraphContext): HostAdmin {
  if (hostAdmin !== null) return hostAdmin;
  throw createNeverAvailableError("hosts cannot be managed here: this gateway polls no hosts of its own");
}
