import type { HostRow } from "./types.js";

/** What a subscriber receives about a host: its state at the beginning, or that it is in another state. */
export interface HostStateEvent {
  readonly kind: "STATE" | "CHANGE";
  /** When this gateway read it. */
  readonly at: Date;
  readonly hostId: string;
  /** Its state before; `null`: it was not known. Always `null` for a `STATE`. */
  readonly before: HostRow | null;
  /** Its state now; `null`: it is not polled any more, and has no VMs. */
  readonly after: HostRow | null;
}
