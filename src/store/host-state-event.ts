import type { HostRow } from "./types.js";

/** What a subscriber receives about a host: its state at the beginning, or that it is in another state. */
export interface HostStateEvent {
  readonly kind: "STATE" | "CHANGE";
  /** When this gateway read it. */
  readonly at: Date;
  readonly hostId: string;
  /** How it was before; `null`: it was not known. Of a state always `null`. */
  readonly before: HostRow | null;
  /** How it is; `null`: it is not polled any more, and has no VMs. */
  readonly after: HostRow | null;
}
