/** The store's contract as to hosts: which are polled, and who may poll one now. Plain data only. */

/** A pass's right to write: another claim on the host, or a VM taken from it, makes it void. */
export interface HostClaim {
  readonly hostId: string;
  readonly epoch: bigint;
}

/** The options of a claim. */
export interface ClaimOptions {
  /** The pass ends within this time. Until then other gateways leave the host alone, as long as this gateway is alive. */
  readonly limitMs: number;
  /** No pass is needed if another gateway has polled the host with success within this time. */
  readonly freshMs: number;
  /** The last pass over the host was superseded: this one has precedence over passes that waited for less time. */
  readonly isRetry: boolean;
}

/** Why a host is not claimed now: another gateway polls it (`busy`), or has just done so (`fresh`). */
export interface ClaimDeferral {
  readonly hostId: string;
  readonly deferred: "busy" | "fresh";
}

/** A claim, or why there is none now. `null`: the host is not polled. */
export type ClaimAnswer = HostClaim | ClaimDeferral;

/** A host that is no longer polled, because no gateway's settings name it. */
export interface DroppedHost {
  readonly id: string;
  readonly name: string;
}

/** How a pass failed, as stored beside the host. */
export interface HostFailure {
  /** A HostErrorKind, or `internal`. */
  readonly kind: string;
  readonly message: string;
  /** More, for the operator's log alone: it may name files. */
  readonly detail?: string;
}

/** A host as configured: id is derived from its address, so it is stable. */
export interface ConfiguredHost {
  readonly id: string;
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

/** A host that is to be polled. */
export interface PolledHost extends ConfiguredHost {
  readonly intervalMs: number | null;
  /** `true`: the settings of a gateway name it. `false`: added while running. */
  readonly fromSettings: boolean;
}

/** The list of hosts that are polled, which all gateways of a database share. */
export interface HostRegistry {
  /**
   * Writes down which hosts this gateway's settings name, and ends the polling of hosts that no gateway names any more.
   * `intervalMs: null`: this gateway polls them on request alone. Hosts that nobody knows yet become known, but the list of
   * hosts that gateways poll stays as it is. Returns the hosts whose polling ended.
   */
  registerHosts(hosts: readonly ConfiguredHost[], intervalMs: number | null): Promise<readonly DroppedHost[]>;
  /** Shows that this gateway is alive. `false`: its registration has ended; register again. */
  renewRegistration(): Promise<boolean>;
  /**
   * Ends the registration at a clean stop. Claims end at once, the list of hosts after the time that a restart takes.
   */
  endRegistration(): Promise<void>;
  /** Makes the list of hosts equal to what the gateways' registrations say. Returns the hosts whose polling ended. */
  reconcileHosts(): Promise<readonly DroppedHost[]>;
  /**
   * Makes one more host known while running, or polls a removed one again. The settings of a later start do not end it.
   */
  addHost(host: ConfiguredHost, intervalMs: number | null): Promise<void>;
  /** Ends the polling of a host and voids its pass; its VMs stay readable, as stale. `false` if it was not polled. */
  removeHost(hostId: string): Promise<boolean>;
  /** Lists the hosts that are to be polled. */
  listHosts(): Promise<PolledHost[]>;
}
