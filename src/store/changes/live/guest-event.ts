import type { Cidr } from "../../../model/address/cidr.js";
import type { VmScope } from "../../types.js";
import type { DifferenceKind } from "../differences/difference.js";
import type { VmVersion } from "../versions/version-types.js";

/** What a subscriber receives about a VM: its state at the beginning, or how it changed. */
export interface GuestEvent {
  readonly kind: "STATE" | "CHANGE";
  /** The cursor with which a client continues behind this event. */
  readonly cursor: string;
  /** When the state was read or the change was written, by the database's clock. */
  readonly at: Date;
  readonly vmId: string;
  /** What the subscriber saw before; `null`: nothing. Always `null` for a `STATE`. */
  readonly before: VmVersion | null;
  /** What the subscriber sees now; `null`: nothing any more. */
  readonly after: VmVersion | null;
}

/** Selects the VMs and changes that a subscriber receives. A field that is `null` selects all. */
export interface GuestInterest {
  /** In lower case. */
  readonly vmIds: readonly string[] | null;
  /** A pattern for the complete name; `*` stands for any characters, `?` for one. */
  readonly namePattern: string | null;
  readonly hostId: string | null;
  /** A network that one of the VM's vNICs is on. */
  readonly network: string | null;
  /** A network that contains an address of the guest. */
  readonly within: Cidr | null;
  /** Only changes with a difference of one of these kinds. */
  readonly kinds: readonly DifferenceKind[] | null;
}

/** What a subscriber asks for. */
export interface FollowQuestion {
  readonly interest: GuestInterest;
  /** Begins behind this cursor. {@link NOW_CURSOR}: from now on. `null`: with the current state. */
  readonly after: string | null;
  /** The VMs that the subscriber may see; `null`: all. */
  readonly scope: VmScope | null;
  /** The name of the viewer who asks. What is read for subscribers is read for each viewer in turn. */
  readonly viewer: string;
}

/**
 * The cursor of events that are sent while the state is not complete yet. A client that continues from it gets the whole
 * state again.
 */
export const START_CURSOR = "start";

/** Stands in place of a cursor: changes from now on, without the state. For clients that read the state in another way. */
export const NOW_CURSOR = "now";
