import type { Cidr } from "../../../model/address/cidr.js";
import type { VmScope } from "../../types.js";
import type { DifferenceKind } from "../differences/difference.js";
import type { VmVersion } from "../versions/version-types.js";

/** What a subscriber is told of a VM: how it is at the beginning, or how it changed. */
export interface GuestEvent {
  readonly kind: "STATE" | "CHANGE";
  /** Where to go on behind this event. */
  readonly cursor: string;
  /** When the state was read or the change was written, by the database's clock. */
  readonly at: Date;
  readonly vmId: string;
  /** What the subscriber saw before; `null`: nothing. Of a state always `null`. */
  readonly before: VmVersion | null;
  /** What the subscriber sees now; `null`: nothing any more. */
  readonly after: VmVersion | null;
}

/** Of which VMs and changes a subscriber wants to hear; `null` stands for all. */
export interface GuestInterest {
  /** In lower case. */
  readonly vmIds: readonly string[] | null;
  /** The whole name; `*` stands for any characters, `?` for one. */
  readonly namePattern: string | null;
  readonly hostId: string | null;
  /** A network that one of its vNICs is on. */
  readonly network: string | null;
  /** An address of the guest is in this network. */
  readonly within: Cidr | null;
  /** Changes with a difference of these kinds. */
  readonly kinds: readonly DifferenceKind[] | null;
}

/** What a subscriber asks for. */
export interface FollowQuestion {
  readonly interest: GuestInterest;
  /** Behind this cursor; {@link NOW_CURSOR}: from now on; `null`: from the current state on. */
  readonly after: string | null;
  /** The VMs that the subscriber may see; `null`: all. */
  readonly scope: VmScope | null;
}

/** The cursor of an event before which all begins anew, because the state was not told whole yet. */
export const START_CURSOR = "start";

/** In place of a cursor: from now on, without the state. For those who read the state otherwise. */
export const NOW_CURSOR = "now";
