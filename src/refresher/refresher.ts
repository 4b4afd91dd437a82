import { HostError } from "../vdsm/errors.js";
import type { GuestLimits } from "../model/guest/guest-limits.js";
import type { VdsmClient } from "../vdsm/vdsm-client.js";
import type { ConfiguredHost, RefreshStore } from "../store/types.js";
import { createHostLink, type HostLink } from "./host-link.js";
import type { NewVmBudget } from "./new-vm-budget.js";
import { PassLog } from "./pass-log.js";
import type { RefresherLog } from "./pass-log.js";
import type { PassDeps, PassResult } from "./pass.js";
import { PASS_TIMEOUT_MS, refreshHost } from "./pass.js";
import { Registration } from "./registration.js";
import type { AddOptions, HostSchedule, PassTurn, StartSchedule } from "./schedule/schedule.js";
import type { Load } from "./schedule/slots.js";
import { startTimerSchedule } from "./schedule/timer-schedule.js";
import { computeBusyWait, computeRetry } from "./schedule/timing.js";
import { waitFor } from "./wait-for.js";

/** Options of a refresher. */
export interface RefresherOptions {
  readonly store: RefreshStore;
  /** Creates the client of a host, one for each. The refresher closes it. */
  readonly createClient: (host: ConfiguredHost) => VdsmClient;
  readonly hosts: readonly ConfiguredHost[];
  /** `null`: hosts are polled on request only. */
  readonly intervalMs: number | null;
  /** The highest number of hosts that are polled at the same time. */
  readonly concurrency?: number;
  /** A pass that takes longer is ended and counts as failed. */
  readonly passTimeoutMs?: number;
  readonly ignoreNames: readonly RegExp[];
  readonly guestLimits?: GuestLimits;
  readonly log: RefresherLog;
  /** Called with the result of every pass, for metrics. */
  readonly onPass?: (result: PassResult) => void;
  readonly random?: () => number;
  /** Milliseconds of a clock that never steps. */
  readonly now?: () => number;
  /** Starts the schedule, which decides when and by which replica each host is polled. Left out: timers in this process. */
  readonly startSchedule?: StartSchedule<PassResult>;
}

/** Keeps the store equal to what the hosts report. */
export interface Refresher {
  /** The passes of this process that run or wait now. */
  readonly load: Load;
  /**
   * Resolves when the first attempt to register the hosts in the store has ended. If it failed, the first pass tries again.
   */
  readonly registered: Promise<void>;
  /** Resolves when the first pass over every host of the settings has ended, with success or not. */
  readonly firstRound: Promise<void>;
  /**
   * Runs one pass over every host, and repeats those that are superseded. Calls `onResult` with each result as soon as it
   * is there. Leaves out hosts that are removed meanwhile.
   */
  refreshAll(onResult?: (result: PassResult) => void): Promise<PassResult[]>;
  /**
   * Runs one pass over this host, or joins a running one, here or in another gateway. Rejects if the host is not polled.
   * Also rejects with the signal's reason when the signal is aborted, but the pass itself goes on.
   */
  refreshHost(hostId: string, signal?: AbortSignal): Promise<PassResult>;
  /** Starts to poll a further host, which the store knows already. */
  addHost(host: ConfiguredHost, options?: AddOptions): void;
  /** Stops polling the host and closes its connection. The stored data stay as they are. */
  removeHost(hostId: string): Promise<void>;
  /** Stops passes and closes connections; resolves when nothing is left running. */
  stop(): Promise<void>;
}

/** Starts to poll: every host as soon as a slot is free, and then at its turns. */
export function startRefresher(options: RefresherOptions): Refresher {
  return new HostRefresher(options);
}

class HostRefresher implements Refresher {
  readonly registered: Promise<void>;
  readonly firstRound: Promise<void>;
  private readonly links = new Map<string, HostLink>();
  private readonly deps: PassDeps;
  private readonly passLog: PassLog;
  private readonly registration: Registration;
  private readonly schedule: HostSchedule<PassResult>;
  private readonly random: () => number;
  private readonly now: () => number;
  private readonly passTimeoutMs: number;
  private readonly waitsForFirstPass: Set<string>;
  private endFirstRound: () => void = () => undefined;

  constructor(private readonly options: RefresherOptions) {
    const { store, ignoreNames, hosts, intervalMs, log } = options;
    const { concurrency = DEFAULT_CONCURRENCY, startSchedule = startTimerSchedule } = options;
    this.random = options.random ?? Math.random;
    this.now = options.now ?? (() => performance.now());
    this.passTimeoutMs = options.passTimeoutMs ?? PASS_TIMEOUT_MS;
    this.waitsForFirstPass = new Set(intervalMs === null ? [] : hosts.map((host) => host.id));
    this.firstRound = new Promise((resolve) => {
      this.endFirstRound = resolve;
    });
    if (this.waitsForFirstPass.size === 0) this.endFirstRound();
    this.registration = new Registration({ store, hosts, intervalMs, log, now: this.now });
    // At once, so that readers see the hosts before their first pass.
    this.registered = this.registration.waitForFirstAttempt();
    this.deps = {
      store,
      ignoreNames,
      now: this.now,
      waitUntilReady: () => this.registration.waitUntilReady(),
      passTimeoutMs: this.passTimeoutMs,
      guestLimits: options.guestLimits,
    };
    this.passLog = new PassLog(log);
    for (const host of hosts) this.links.set(host.id, this.createLink(host));
    this.schedule = startSchedule({
      hosts,
      intervalMs,
      concurrency,
      random: this.random,
      now: this.now,
      run: (host, signal, turn) => this.run(host, signal, turn),
      listFailing: (forMs) => store.listFailingHosts(forMs),
      release: (hostId) => this.release(hostId),
    });
  }

  get load(): Load {
    return this.schedule.load;
  }

  async refreshAll(onResult: (result: PassResult) => void = () => undefined): Promise<PassResult[]> {
    const refresh = async (hostId: string): Promise<PassResult | null> => {
      try {
        const result = await this.refreshUntilDone(hostId);
        onResult(result);
        return result;
      } catch (error) {
        if (!this.links.has(hostId)) return null;
        throw error;
      }
    };
    const results = await Promise.all([...this.links.keys()].map(refresh));
    return results.filter((result) => result !== null);
  }

  refreshHost(hostId: string, signal?: AbortSignal): Promise<PassResult> {
    const result = this.refreshUntilDone(hostId, signal);
    return signal === undefined ? result : waitFor(result, signal);
  }

  addHost(host: ConfiguredHost, options?: AddOptions): void {
    if (this.links.has(host.id)) return;
    this.links.set(host.id, this.createLink(host));
    this.schedule.add(host, options);
  }

  async removeHost(hostId: string): Promise<void> {
    await this.schedule.remove(hostId);
    this.passLog.forget(hostId);
    this.noteFirstPass(hostId);
    const link = this.links.get(hostId);
    this.links.delete(hostId);
    await link?.vdsm.close();
  }

  async stop(): Promise<void> {
    await this.schedule.stop();
    await this.registration.stop();
    await Promise.all([...this.links.values()].map(({ vdsm }) => vdsm.close()));
    this.links.clear();
    this.endFirstRound();
  }

  /**
   * Runs passes until one has written the host's report, or failed. A superseded pass is repeated a few times. A pass that
   * is deferred because another gateway polls the host is repeated until that gateway's pass has ended, whose success
   * counts.
   */
  private async refreshUntilDone(hostId: string, signal?: AbortSignal): Promise<PassResult> {
    const startedMs = this.now();
    const retryMs = this.options.intervalMs ?? RETRY_INTERVAL_MS;
    let result = await this.schedule.refreshNow(hostId);
    for (let losses = 0; losses < MOST_LOSSES && this.links.has(hostId) && signal?.aborted !== true;) {
      const elapsedMs = this.now() - startedMs;
      if (result.outcome === "superseded") {
        losses += 1;
        await sleep(computeRetry(losses, retryMs, this.random));
      } else if (result.deferral === "busy" && elapsedMs < this.passTimeoutMs) {
        await sleep(computeBusyWait(retryMs, this.random));
      } else break;
      if (!this.links.has(hostId)) break;
      result = await this.schedule.refreshNow(hostId, this.now() - startedMs);
    }
    return result;
  }

  private createLink(host: ConfiguredHost, newVms?: NewVmBudget): HostLink {
    return createHostLink(host, this.options.createClient(host), this.now, newVms);
  }

  private async run(host: ConfiguredHost, signal: AbortSignal, turn: PassTurn): Promise<PassResult> {
    // A host is removed from the map only when its last pass has ended.
    const link = this.links.get(host.id) ?? this.createLink(host);
    const limit = new AbortController();
    const stop = () => {
      limit.abort(signal.reason);
    };
    const timer = setTimeout(() => {
      const message = `${link.vdsm.address}: the pass did not end within ${this.passTimeoutMs} ms`;
      limit.abort(new HostError("timeout", message));
    }, this.passTimeoutMs);
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    try {
      const result = await refreshHost(this.deps, link, limit.signal, turn);
      this.passLog.write(result);
      this.options.onPass?.(result);
      if (result.deferral !== "busy") this.noteFirstPass(host.id);
      return result;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    }
  }

  private noteFirstPass(hostId: string): void {
    if (this.waitsForFirstPass.delete(hostId) && this.waitsForFirstPass.size === 0) this.endFirstRound();
  }

  /** Releases a host that another replica will poll: closes its connection and drops its memory. */
  private async release(hostId: string): Promise<void> {
    const link = this.links.get(hostId);
    if (link === undefined) return;
    this.links.set(hostId, this.createLink(link.host, link.newVms));
    await link.vdsm.close();
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const DEFAULT_CONCURRENCY = 32;

/**
 * The highest number of superseded passes in a row. A superseded pass has precedence at its next try, so that three in a
 * row are rare.
 */
const MOST_LOSSES = 5;

/** The interval from which waits between tries are computed, if hosts are polled on request only. */
const RETRY_INTERVAL_MS = 5_000;
