import type { VdsmClient } from "../vdsm/vdsm-client.js";
import type { ConfiguredHost, RefreshStore } from "../store/types.js";
import { createHostLink, type HostLink } from "./host-link.js";
import { PassLog } from "./pass-log.js";
import type { RefresherLog } from "./pass-log.js";
import type { PassDeps, PassResult } from "./pass.js";
import { refreshHost } from "./pass.js";
import type { HostSchedule, StartSchedule } from "./schedule/schedule.js";
import type { Load } from "./schedule/slots.js";
import { startTimerSchedule } from "./schedule/timer-schedule.js";

/** What a refresher is made of. */
export interface RefresherOptions {
  readonly store: RefreshStore;
  /** Makes the one client that a host is asked with; the refresher closes it. */
  readonly clientFor: (host: ConfiguredHost) => VdsmClient;
  readonly hosts: readonly ConfiguredHost[];
  /** `null`: nothing is polled by itself. */
  readonly intervalMs: number | null;
  /** Hosts polled at the same time, at most. */
  readonly concurrency?: number;
  readonly ignoreNames: readonly RegExp[];
  readonly log: RefresherLog;
  /** Told how every pass ended, for metrics. */
  readonly onPass?: (result: PassResult) => void;
  readonly random?: () => number;
  /** Milliseconds of a clock that never steps. */
  readonly now?: () => number;
  /** Decides when each host is polled, and by whom; timers in this process where it is left out. */
  readonly startSchedule?: StartSchedule<PassResult>;
}

/** Keeps the store equal to what the hosts report. */
export interface Refresher {
  /** Passes of this process at this moment. */
  readonly load: Load;
  /** Resolves when the store was told of the hosts, or was not there to be told: then the first pass does it. */
  readonly registered: Promise<void>;
  /** One pass over every host; a pass that was superseded is tried again. `onResult` is told each end as it comes. */
  refreshAll(onResult?: (result: PassResult) => void): Promise<PassResult[]>;
  /** One pass over this host, or the one under way. Rejects if the host is not polled. */
  refreshHost(hostId: string): Promise<PassResult>;
  /** Polls one more host, which the store knows already, from its next turn on. */
  addHost(host: ConfiguredHost): void;
  /** Polls it no more and closes its connection; what the store knows of it is the caller's to decide. */
  removeHost(hostId: string): Promise<void>;
  /** Stops passes and closes connections; resolves when nothing is left running. */
  stop(): Promise<void>;
}

/** Starts to poll; the first passes come one by one over the first interval. */
export function startRefresher(options: RefresherOptions): Refresher {
  return new HostRefresher(options);
}

class HostRefresher implements Refresher {
  readonly registered: Promise<void>;
  private readonly links = new Map<string, HostLink>();
  private readonly deps: PassDeps;
  private readonly passLog: PassLog;
  private readonly schedule: HostSchedule<PassResult>;
  /** The first word to the store, shared by all passes; again `null` when it failed. */
  private registration: Promise<void> | null = null;

  constructor(private readonly options: RefresherOptions) {
    const { store, ignoreNames, hosts, intervalMs } = options;
    const {
      concurrency = DEFAULT_CONCURRENCY,
      random = Math.random,
      now = () => performance.now(),
      startSchedule = startTimerSchedule,
    } = options;
    this.deps = {
      store,
      ignoreNames,
      now,
      ready: () => this.register(),
    };
    this.passLog = new PassLog(options.log);
    for (const host of hosts) this.links.set(host.id, this.createLink(host));
    this.schedule = startSchedule({
      hosts,
      intervalMs,
      concurrency,
      random,
      now,
      run: (host, signal) => this.run(host, signal),
      release: (hostId) => this.rest(hostId),
    });
    // At once, so that readers know of hosts before their first pass; a failure is the first pass's to tell.
    this.registered = this.register().catch(() => undefined);
  }

  get load(): Load {
    return this.schedule.load;
  }

  async refreshAll(onResult: (result: PassResult) => void = () => undefined): Promise<PassResult[]> {
    const refresh = async (hostId: string): Promise<PassResult> => {
      let result = await this.schedule.refreshNow(hostId);
      for (
        let tries = 1;
        tries < TRIES && result.outcome === "superseded" && this.links.has(hostId);
        tries += 1
      ) {
        result = await this.schedule.refreshNow(hostId);
      }
      onResult(result);
      return result;
    };
    return Promise.all([...this.links.keys()].map(refresh));
  }

  refreshHost(hostId: string): Promise<PassResult> {
    return this.schedule.refreshNow(hostId);
  }

  addHost(host: ConfiguredHost): void {
    if (this.links.has(host.id)) return;
    this.links.set(host.id, this.createLink(host));
    this.schedule.add(host);
  }

  async removeHost(hostId: string): Promise<void> {
    await this.schedule.remove(hostId);
    this.passLog.forget(hostId);
    const link = this.links.get(hostId);
    this.links.delete(hostId);
    await link?.vdsm.close();
  }

  async stop(): Promise<void> {
    await this.schedule.stop();
    await this.registration?.catch(() => undefined);
    await Promise.all([...this.links.values()].map(({ vdsm }) => vdsm.close()));
    this.links.clear();
  }

  private createLink(host: ConfiguredHost): HostLink {
    return createHostLink(host, this.options.clientFor(host));
  }

  private async run(host: ConfiguredHost, signal: AbortSignal): Promise<PassResult> {
    // A host leaves the map only once its last pass has ended.
    const link = this.links.get(host.id) ?? this.createLink(host);
    const result = await refreshHost(this.deps, link, signal);
    this.passLog.write(result);
    this.options.onPass?.(result);
    return result;
  }

  /** Another replica polls this host from now on: its connection, and what is remembered of it, are of no use here. */
  private async rest(hostId: string): Promise<void> {
    const link = this.links.get(hostId);
    if (link === undefined) return;
    this.links.set(hostId, this.createLink(link.host));
    await link.vdsm.close();
  }

  private register(): Promise<void> {
    const { store, hosts, intervalMs } = this.options;
    this.registration ??= store.registerHosts(hosts, intervalMs).catch((error: unknown) => {
      this.registration = null;
      throw error;
    });
    return this.registration;
  }
}

const DEFAULT_CONCURRENCY = 32;

/** Two hosts that report one VM for the first time, at the same time, get in each other's way once. */
const TRIES = 3;
