import type { ConfiguredHost } from "../../store/types.js";
import type { Load, Slots } from "./slots.js";

/** The part of a pass's result that the schedule needs. */
export interface PassOutcome {
  /** `superseded` and `deferred` passes are tried again. Other values have no effect here. */
  readonly outcome?: string;
  /** Why a pass was deferred. `busy`: another gateway polls the host now. `fresh`: it has just done so. */
  readonly deferral?: "busy" | "fresh" | null;
  /** The kind of the pass's failure, or `null`. */
  readonly failure: { readonly kind: string } | null;
  /** The host is not polled again for so many milliseconds; left out: 0. */
  readonly restMs?: number;
}

/** The circumstances of a pass. */
export interface PassTurn {
  /** The pass is skipped if another gateway has polled the host with success within this time. */
  readonly freshMs: number;
  /** The host's last pass was superseded. */
  readonly isRetry: boolean;
}

/** How a host is added to a schedule. */
export interface AddOptions {
  /** The first pass is skipped if another gateway has polled the host within this time; left out: it is never skipped. */
  readonly firstFreshMs?: number;
  /** The host is in other gateways' settings, not in ours. It is polled here only if those gateways fail to poll it. */
  readonly isStandby?: boolean;
}

/** Decides when and by which gateway each host is polled. The rest of the refresher does not depend on how. */
export interface HostSchedule<Result extends PassOutcome> {
  /** The passes of this process that run or wait now. */
  readonly load: Load;
  /** Starts to poll this host: at once and then at its turns. A host that is known already keeps its turns. */
  add(host: ConfiguredHost, options?: AddOptions): void;
  /** Stops polling the host. Resolves when its running pass, if any, has ended. */
  remove(hostId: string): Promise<void>;
  /**
   * Runs one pass as soon as a slot is free, or joins one that waits or runs. Rejects if the host is not known. `freshMs`:
   * see {@link PassTurn}; left out: the pass is never skipped.
   */
  refreshNow(hostId: string, freshMs?: number): Promise<Result>;
  /** Resolves when no pass over the host waits or runs. */
  waitForPass(hostId: string): Promise<void>;
  /** Ends running passes and starts no new ones. Resolves when none is left. */
  stop(): Promise<void>;
}

/** Options of a schedule. */
export interface ScheduleOptions<Result extends PassOutcome> {
  readonly hosts: readonly ConfiguredHost[];
  /** `null`: hosts are polled only by `refreshNow`. */
  readonly intervalMs: number | null;
  /** The highest number of passes that start at the same time. */
  readonly concurrency: number;
  /** The slots of another schedule, for which the two together have the concurrency; left out: slots of its own. */
  readonly slots?: Slots;
  /** Runs one pass. It must end soon after its signal, and never reject. */
  readonly run: (host: ConfiguredHost, signal: AbortSignal, turn: PassTurn) => Promise<Result>;
  /**
   * Lists the hosts whose last pass failed, in whatever gateway, and that no gateway has polled with success for so many
   * milliseconds; left out: nobody knows.
   */
  readonly listFailing?: (forMs: number) => Promise<readonly string[]>;
  /** Called between two passes, when this process stops to poll a host. */
  readonly release?: (hostId: string) => Promise<void>;
  /** Milliseconds of a clock that never steps. */
  readonly now: () => number;
  /** When the first interval begins, by `now`; left out: now. */
  readonly gridMs?: number;
  /**
   * Skips a turn if another gateway has polled the host within this time. By default half an interval: then exactly one
   * of several gateways polls a host, and another one takes over within an interval and a half.
   */
  readonly getTurnFreshMs?: () => number;
  /** Returns a number from 0 to 1, without 1. */
  readonly random: () => number;
}

/** Starts a schedule. The refresher gets such a function, and does not depend on which one. */
export type StartSchedule<Result extends PassOutcome> = (
  options: ScheduleOptions<Result>,
) => HostSchedule<Result>;
