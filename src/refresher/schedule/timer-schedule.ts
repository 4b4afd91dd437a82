import type { ConfiguredHost } from "../../store/types.js";
import type { HostSchedule, PassOutcome, ScheduleOptions } from "./schedule.js";
import { Slots, type Load } from "./slots.js";
import { computeBackOff, computeNextTurn, computePhase } from "./timing.js";

/** A schedule of timers in this process: each host at its own turns, never twice at once. */
export function startTimerSchedule<Result extends PassOutcome>(
  options: ScheduleOptions<Result>,
): HostSchedule<Result> {
  const schedule = new TimerSchedule(options);
  for (const host of options.hosts) schedule.add(host);
  return schedule;
}

interface Entry<Result> {
  readonly host: ConfiguredHost;
  /** Ends the pass below; a new one each, so that no listener outlives its pass. */
  abort: AbortController;
  timer: NodeJS.Timeout | null;
  /** The pass that waits for a slot or is under way. */
  pass: Promise<Result> | null;
  /** Failed passes in a row. */
  failures: number;
  /** The turn last taken: a timer that fires a moment early must not take it twice. */
  lastTurnMs: number;
}

class TimerSchedule<Result extends PassOutcome> implements HostSchedule<Result> {
  private readonly entries = new Map<string, Entry<Result>>();
  private readonly slots: Slots;
  private readonly startedMs: number;
  private isStopped = false;

  constructor(private readonly options: ScheduleOptions<Result>) {
    this.slots = new Slots(options.concurrency);
    this.startedMs = options.gridMs ?? options.now();
  }

  get load(): Load {
    return this.slots.load;
  }

  add(host: ConfiguredHost): void {
    if (this.isStopped || this.entries.has(host.id)) return;
    const entry: Entry<Result> = {
      host,
      abort: new AbortController(),
      timer: null,
      pass: null,
      failures: 0,
      lastTurnMs: -1,
    };
    this.entries.set(host.id, entry);
    this.waitForTurn(entry);
  }

  async remove(hostId: string): Promise<void> {
    const entry = this.entries.get(hostId);
    if (entry === undefined) return;
    this.entries.delete(hostId);
    await endEntry(entry);
  }

  async refreshNow(hostId: string): Promise<Result> {
    const entry = this.entries.get(hostId);
    if (entry === undefined) throw new Error(`no host ${hostId} is polled here; add it first`);
    return this.pass(entry);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    const entries = [...this.entries.values()];
    this.entries.clear();
    await Promise.all(entries.map(endEntry));
  }

  private pass(entry: Entry<Result>): Promise<Result> {
    if (entry.timer !== null) clearTimeout(entry.timer);
    entry.timer = null;
    entry.pass ??= this.runPass(entry);
    return entry.pass;
  }

  private async runPass(entry: Entry<Result>): Promise<Result> {
    let kind: string | null = "internal";
    entry.abort = new AbortController();
    const { signal } = entry.abort;
    try {
      const result = await this.slots.run(() => this.options.run(entry.host, signal));
      kind = result.failure?.kind ?? null;
      return result;
    } finally {
      entry.pass = null;
      entry.failures = kind === null ? 0 : entry.failures + 1;
      if (kind === null) this.waitForTurn(entry);
      else this.waitAfterFailure(entry, kind);
    }
  }

  private waitForTurn(entry: Entry<Result>): void {
    const { intervalMs } = this.options;
    if (intervalMs === null) return;
    const nowMs = this.options.now() - this.startedMs;
    const turnMs = computeNextTurn(
      computePhase(entry.host.id, intervalMs),
      intervalMs,
      Math.max(nowMs, entry.lastTurnMs),
    );
    this.wait(entry, turnMs - nowMs, turnMs);
  }

  private waitAfterFailure(entry: Entry<Result>, kind: string): void {
    const { intervalMs, random } = this.options;
    if (intervalMs !== null) this.wait(entry, computeBackOff(entry.failures, kind, intervalMs, random), null);
  }

  private wait(entry: Entry<Result>, delayMs: number, turnMs: number | null): void {
    if (this.entries.get(entry.host.id) !== entry) return;
    entry.timer = setTimeout(() => {
      if (turnMs !== null) entry.lastTurnMs = turnMs;
      // Whoever waits for this very pass is told of its failure; the schedule itself goes on.
      this.pass(entry).catch(() => undefined);
    }, delayMs);
  }
}

async function endEntry<Result>(entry: Entry<Result>): Promise<void> {
  if (entry.timer !== null) clearTimeout(entry.timer);
  entry.abort.abort();
  await entry.pass?.catch(() => undefined);
}
