import type { ConfiguredHost, DroppedHost, RefreshStore } from "../store/types.js";
import type { RefresherLog } from "./pass-log.js";

/** Options of a registration. */
export interface RegistrationOptions {
  readonly store: RefreshStore;
  /** The hosts in this gateway's settings. */
  readonly hosts: readonly ConfiguredHost[];
  /** `null`: this gateway polls hosts on request only. Then it sends no heartbeats, and its hosts are not on the list. */
  readonly intervalMs: number | null;
  readonly log: RefresherLog;
  /** Milliseconds of a clock that never steps. */
  readonly now: () => number;
}

/**
 * Keeps this gateway registered in the store, so that other gateways know its hosts and respect its claims:
 *
 *     start → register ──→ heartbeat, heartbeat, … → stop: end the registration
 *                 ↑              │ the registration is gone (this process stood still for minutes)
 *                 └──────────────┘
 *
 * While the store does not answer, each heartbeat and each pass tries again.
 */
export class Registration {
  private registering: Promise<void> | null = null;
  private heartbeat: Promise<void> | null = null;
  private readonly timer: NodeJS.Timeout | null;
  private renewedMs = Number.NEGATIVE_INFINITY;
  private reconciledMs: number;

  constructor(private readonly options: RegistrationOptions) {
    const { intervalMs, hosts, now } = options;
    this.reconciledMs = now();
    this.timer =
      intervalMs === null
        ? null
        : setInterval(() => {
            this.startHeartbeat();
          }, computeHeartbeatMs(intervalMs));
    if (hosts.length > 0 || intervalMs !== null) this.register().catch(() => undefined);
  }

  /** Resolves when the store knows the hosts and that this gateway is alive. Rejects if the store does not answer. */
  async waitUntilReady(): Promise<void> {
    await this.register();
    if (this.timer === null && this.options.now() - this.renewedMs > computeHeartbeatMs(null))
      await this.renew();
  }

  /** Resolves when the first attempt to register has ended, with success or not. */
  async waitForFirstAttempt(): Promise<void> {
    await this.registering?.catch(() => undefined);
  }

  /** Ends heartbeats and, if the store answers, the registration. */
  async stop(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    await this.heartbeat;
    if (this.registering === null) return;
    await this.registering.then(() => this.options.store.endRegistration()).catch(() => undefined);
  }

  private register(): Promise<void> {
    const { store, hosts, intervalMs, now } = this.options;
    this.registering ??= store.registerHosts(hosts, intervalMs).then(
      (dropped) => {
        this.renewedMs = now();
        this.warnOfDropped(dropped);
      },
      (error: unknown) => {
        this.registering = null;
        throw error;
      },
    );
    return this.registering;
  }

  private async renew(): Promise<void> {
    const { store, now } = this.options;
    if (await store.renewRegistration()) this.renewedMs = now();
    else {
      this.registering = null;
      await this.register();
    }
  }

  /**
   * Starts a heartbeat unless one is running. Ignores its failure, because passes already report that the database is down.
   */
  private startHeartbeat(): void {
    this.heartbeat ??= this.runHeartbeat()
      .catch(() => undefined)
      .finally(() => {
        this.heartbeat = null;
      });
  }

  private async runHeartbeat(): Promise<void> {
    const { store, now } = this.options;
    await this.register();
    await this.renew();
    if (now() - this.reconciledMs < RECONCILE_EVERY_MS) return;
    this.reconciledMs = now();
    this.warnOfDropped(await store.reconcileHosts());
  }

  private warnOfDropped(dropped: readonly DroppedHost[]): void {
    for (const { id, name } of dropped) {
      this.options.log.warn(
        { host: name, hostId: id },
        "host is polled no more: no gateway's settings name it",
      );
    }
  }
}

/**
 * Computes the time between heartbeats. Other gateways respect claims for a quarter of an interval after the last one
 * (store/write/gateway-list.ts), which is four heartbeats.
 */
function computeHeartbeatMs(intervalMs: number | null): number {
  return Math.min(1_250, Math.max(250, (intervalMs ?? Infinity) / 16));
}

const RECONCILE_EVERY_MS = 15_000;
