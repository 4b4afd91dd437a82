import type { ConfiguredHost } from "../../store/types.js";
import type { Load } from "./slots.js";

/** What the schedule needs to know of a finished pass: the kind of its failure, or `null`. */
export interface PassOutcome {
  readonly failure: { readonly kind: string } | null;
}

/** Decides when each host is polled, and by whom; the rest of the refresher does not know how. */
export interface HostSchedule<Result extends PassOutcome> {
  /** Passes of this process at this moment. */
  readonly load: Load;
  /** Polls this host too, from its next turn on; a host that is known already keeps its turns. */
  add(host: ConfiguredHost): void;
  /** Polls it no more; resolves when its pass, if one is under way, has ended. */
  remove(hostId: string): Promise<void>;
  /** One pass as soon as there is room for it; joins one that is waiting or under way. Rejects if the host is not known. */
  refreshNow(hostId: string): Promise<Result>;
  /** Ends passes under way and starts no more; resolves when nothing is left running. */
  stop(): Promise<void>;
}

/** What a schedule is made of. */
export interface ScheduleOptions<Result extends PassOutcome> {
  readonly hosts: readonly ConfiguredHost[];
  /** `null`: hosts are polled by `refreshNow` alone. */
  readonly intervalMs: number | null;
  /** Passes at the same time, at most. */
  readonly concurrency: number;
  /** One pass; it must end soon after its signal, and never reject. */
  readonly run: (host: ConfiguredHost, signal: AbortSignal) => Promise<Result>;
  /** Told that this process polls a host no more until further notice; between two passes of it. */
  readonly release?: (hostId: string) => Promise<void>;
  /** Milliseconds of a clock that never steps. */
  readonly now: () => number;
  /** When the first turn of all begins, by that clock; now, if it is left out. */
  readonly gridMs?: number;
  /** At least 0, less than 1. */
  readonly random: () => number;
}

/** Starts a schedule; the refresher is given one of these, and does not know which. */
export type StartSchedule<Result extends PassOutcome> = (
  options: ScheduleOptions<Result>,
) => HostSchedule<Result>;
