import type { ConfiguredHost } from "../../store/types.js";
import type { Load } from "./slots.js";

/** What the schedule needs to know of a finished pass. */
export interface PassOutcome {
  /** `superseded` and `deferred` are tried again; what else there is does not matter here. */
  readonly outcome?: string;
  /** Why a pass was deferred. `busy`: another gateway polls the host now. `fresh`: it has just done so. */
  readonly deferral?: "busy" | "fresh" | null;
  /** The kind of the pass's failure, or `null`. */
  readonly failure: { readonly kind: string } | null;
  /** The host's next turn is not before so many milliseconds have passed; left out, 0. */
  readonly restMs?: number;
}

/** Why a pass runs. */
export interface PassTurn {
  /** The pass is not needed if another gateway has polled the host with success within this time. */
  readonly freshMs: number;
  /** The host's last pass was superseded. */
  readonly isRetry: boolean;
}

/** How a host is added to a schedule. */
export interface AddOptions {
  /** The first pass is not needed if another gateway has polled the host within this time; left out, it is. */
  readonly firstFreshMs?: number;
  /** Other gateways' settings name this host, ours do not: it is polled only when they fail to. */
  readonly isStandby?: boolean;
}

/** Decides when each host is polled, and by which gateway. The rest of the refresher does not know how. */
export interface HostSchedule<Result extends PassOutcome> {
  /** Passes of this process at this moment. */
  readonly load: Load;
  /** Polls this host too, at once and then at its turns. A host that is known already keeps its turns. */
  add(host: ConfiguredHost, options?: AddOptions): void;
  /** Stops polling the host. Resolves when its running pass, if any, has ended. */
  remove(hostId: string): Promise<void>;
  /**
   * Runs one pass as soon as there is room for it, or joins one that waits or runs. Rejects if the host is not known.
   * `freshMs`: see {@link PassTurn}; left out, the pass is needed in any case.
   */
  refreshNow(hostId: string, freshMs?: number): Promise<Result>;
  /** Resolves when no pass over the host waits or runs. */
  waitForPass(hostId: string): Promise<void>;
  /** Ends running passes and starts no new ones. Resolves when none is left. */
  stop(): Promise<void>;
}

/** What a schedule is made of. */
export interface ScheduleOptions<Result extends PassOutcome> {
  readonly hosts: readonly ConfiguredHost[];
  /** `null`: hosts are polled by `refreshNow` alone. */
  readonly intervalMs: number | null;
  /** Passes that start at the same time, at most. */
  readonly concurrency: number;
  /** Runs one pass. It must end soon after its signal, and never reject. */
  readonly run: (host: ConfiguredHost, signal: AbortSignal, turn: PassTurn) => Promise<Result>;
  /** Called between two passes when this process stops polling a host until further notice. */
  readonly release?: (hostId: string) => Promise<void>;
  /** Milliseconds of a clock that never steps. */
  readonly now: () => number;
  /** When the first interval begins, by that clock; left out, now. */
  readonly gridMs?: number;
  /**
   * Skips a turn if another gateway has polled the host within this time. By default half an interval: then exactly one
   * of several gateways polls a host, and another one takes over within an interval and a half.
   */
  readonly turnFreshMs?: () => number;
  /** Returns a number from 0 to 1, without 1. */
  readonly random: () => number;
}

/** Starts a schedule. The refresher is given such a function, and does not know which. */
export type StartSchedule<Result extends PassOutcome> = (
  options: ScheduleOptions<Result>,
) => HostSchedule<Result>;
