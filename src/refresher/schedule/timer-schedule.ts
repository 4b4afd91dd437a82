import type { ConfiguredHost } from "../../store/types.js";
import type { AddOptions, HostSchedule, PassOutcome, ScheduleOptions } from "./schedule.js";
import { Slots, type Load } from "./slots.js";
import {
  computeBackOff,
  computeBusyWait,
  computeNextTurn,
  computePatience,
  computePhase,
  computeRetry,
} from "./timing.js";

/** Starts a schedule of timers in this process. Each host is polled at its own turns, never twice at the same time. */
export function startTimerSchedule<Result extends PassOutcome>(
  options: ScheduleOptions<Result>,
): HostSchedule<Result> {
  const schedule = new TimerSchedule(options);
  for (const host of options.hosts) schedule.add(host);
  return schedule;
}

interface Entry<Result> {
  readonly host: ConfiguredHost;
  readonly isAddedAsStandby: boolean;
  /** Ends the running pass. Each pass has a new controller, so that no listener outlives its pass. */
  abort: AbortController;
  timer: NodeJS.Timeout | null;
  /** The pass that waits for a slot or runs. */
  pass: Promise<Result> | null;
  /** Passes in a row that failed here. Those of other gateways do not count. */
  failures: number;
  /** `true`: the last pass failed because the host did not answer. */
  isSuspect: boolean;
  /** Superseded passes in a row. */
  losses: number;
  /** The last turn that was taken. A timer that fires a moment early must not take it twice. */
  lastTurnMs: number;
}

/**
 * The life of a host in this schedule:
 *
 *     add → first pass, at once → turn → turn → …
 *     a pass that failed      → again after a back-off, then at its turns
 *     a pass superseded       → again soon, then at its turns
 *     another gateway polls   → again soon; once that has succeeded, at the next turn (a standby: after half an interval)
 *     a host that took more than its share → not before its rest is over
 */
class TimerSchedule<Result extends PassOutcome> implements HostSchedule<Result> {
  private readonly entries = new Map<string, Entry<Result>>();
  private readonly slots: Slots;
  private readonly startedMs: number;
  private isStopped = false;

  constructor(private readonly options: ScheduleOptions<Result>) {
    this.slots = options.slots ?? new Slots(options.concurrency, computePatience(options.intervalMs));
    this.startedMs = options.gridMs ?? options.now();
  }

  get load(): Load {
    return this.slots.load;
  }

  add(host: ConfiguredHost, { firstFreshMs = 0, isStandby = false }: AddOptions = {}): void {
    if (this.isStopped || this.entries.has(host.id)) return;
    const entry: Entry<Result> = {
      host,
      isAddedAsStandby: isStandby,
      abort: new AbortController(),
      timer: null,
      pass: null,
      failures: 0,
      isSuspect: false,
      losses: 0,
      lastTurnMs: -1,
    };
    this.entries.set(host.id, entry);
    const freshMs = isStandby ? this.findTurnFreshMs(entry) : firstFreshMs;
    if (this.options.intervalMs !== null) this.startPass(entry, freshMs).catch(() => undefined);
  }

  async remove(hostId: string): Promise<void> {
    const entry = this.entries.get(hostId);
    if (entry === undefined) return;
    this.entries.delete(hostId);
    await endEntry(entry);
  }

  async refreshNow(hostId: string, freshMs = 0): Promise<Result> {
    const entry = this.entries.get(hostId);
    if (entry === undefined) throw new Error(`no host ${hostId} is polled here; add it first`);
    return this.startPass(entry, freshMs);
  }

  async waitForPass(hostId: string): Promise<void> {
    await this.entries.get(hostId)?.pass?.catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    const entries = [...this.entries.values()];
    this.entries.clear();
    await Promise.all(entries.map(endEntry));
  }

  private startPass(entry: Entry<Result>, freshMs: number): Promise<Result> {
    if (entry.timer !== null) clearTimeout(entry.timer);
    entry.timer = null;
    entry.pass ??= this.runPass(entry, freshMs);
    return entry.pass;
  }

  private async runPass(entry: Entry<Result>, freshMs: number): Promise<Result> {
    let outcome: PassOutcome = { failure: { kind: "internal" } };
    entry.abort = new AbortController();
    const { signal } = entry.abort;
    const turn = { freshMs, isRetry: entry.losses > 0 };
    try {
      const result = await this.slots.run(() => this.options.run(entry.host, signal, turn), entry);
      outcome = result;
      return result;
    } finally {
      entry.pass = null;
      this.planNext(entry, outcome);
    }
  }

  private planNext(entry: Entry<Result>, { outcome, deferral, failure, restMs = 0 }: PassOutcome): void {
    const { intervalMs, random } = this.options;
    const isBusy = outcome === "deferred" && deferral === "busy";
    if (!isBusy) entry.losses = outcome === "superseded" ? entry.losses + 1 : 0;
    // A success of another gateway does not show that this one can ask the host.
    if (outcome !== "deferred") {
      entry.failures = failure === null ? 0 : entry.failures + 1;
      entry.isSuspect = failure?.kind === "timeout" || failure?.kind === "unreachable";
    }
    if (intervalMs === null) return;
    const waitAtLeast = (delayMs: number): void => {
      this.wait(entry, Math.max(restMs, delayMs), null);
    };
    if (isBusy) waitAtLeast(computeBusyWait(intervalMs, random));
    else if (entry.losses > 0) waitAtLeast(computeRetry(entry.losses, intervalMs, random));
    else if (deferral === "fresh" && isStandby(entry)) waitAtLeast(intervalMs / 2);
    else if (failure === null) this.waitForTurn(entry, intervalMs, restMs);
    else waitAtLeast(computeBackOff(entry.failures, failure.kind, intervalMs, random));
  }

  private waitForTurn(entry: Entry<Result>, intervalMs: number, restMs: number): void {
    const nowMs = this.options.now() - this.startedMs;
    const turnMs = computeNextTurn(
      computePhase(entry.host.id, intervalMs),
      intervalMs,
      Math.max(nowMs + restMs, entry.lastTurnMs),
    );
    this.wait(entry, turnMs - nowMs, turnMs);
  }

  private wait(entry: Entry<Result>, delayMs: number, turnMs: number | null): void {
    if (this.entries.get(entry.host.id) !== entry) return;
    entry.timer = setTimeout(() => {
      if (turnMs !== null) entry.lastTurnMs = turnMs;
      // A caller that waits for this pass gets its failure. The schedule goes on.
      this.startPass(entry, this.findTurnFreshMs(entry)).catch(() => undefined);
    }, delayMs);
  }

  private findTurnFreshMs(entry: Entry<Result>): number {
    const { intervalMs, getTurnFreshMs } = this.options;
    if (intervalMs === null) return 0;
    if (isStandby(entry)) return STANDBY_INTERVALS * intervalMs;
    return getTurnFreshMs?.() ?? intervalMs / 2;
  }
}

/**
 * Tells whether other gateways poll the host first: those with it in their settings, or those that can ask it, if the last
 * pass failed here. It is looked twice an interval whether they have.
 */
function isStandby<Result>({ isAddedAsStandby, failures }: Entry<Result>): boolean {
  return isAddedAsStandby || failures > 0;
}

/**
 * The number of intervals that a standby waits, so that gateways with the host in their settings poll it first. A gateway
 * that knows the host only from the shared list may not even reach it.
 */
export const STANDBY_INTERVALS = 1.5;

async function endEntry<Result>(entry: Entry<Result>): Promise<void> {
  if (entry.timer !== null) clearTimeout(entry.timer);
  entry.abort.abort();
  await entry.pass?.catch(() => undefined);
}
