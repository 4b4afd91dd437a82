/** The store's contract for hosts: which hosts are polled, and who may poll one now. Plain data only. */

/** A pass's right to write. It becomes invalid if the host is claimed again, or if another host takes a VM from it. */
export interface HostClaim {
  readonly hostId: string;
  readonly epoch: bigint;
}

/** The options of a claim. */
export interface ClaimOptions {
  /** The pass ends within this time. Until then other gateways leave the host alone, while this gateway is alive. */
  readonly limitMs: number;
  /** The claim is deferred if another gateway has polled the host with success within this time. */
  readonly freshMs: number;
  /** The last pass over the host was superseded. This one has precedence over passes that have waited for less time. */
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
  /** Further details for the operator's log alone, because they may name files. */
  readonly detail?: string;
}

/** A host as configured. Its id is derived from its address, so that it stays the same. */
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
   * Stores which hosts this gateway's settings name, and ends the polling of hosts that no gateway names any more. Returns
   * the hosts whose polling ended.
   *
   * With `intervalMs: null` this gateway polls hosts on request only. Then hosts that are not known yet become known, but
   * the list of polled hosts stays as it is.
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
  /** Adds a host while running, or polls a removed one again. The settings of a later start do not end its polling. */
  addHost(host: ConfiguredHost, intervalMs: number | null): Promise<void>;
  /**
   * Ends the polling of a host and makes the claim of its running pass invalid. Its VMs stay readable, as stale. Returns
   * `false` if it was not polled.
   */
  removeHost(hostId: string): Promise<boolean>;
  /** Lists the hosts that are to be polled. */
  listHosts(): Promise<PolledHost[]>;
  /**
   * Lists the ids of the hosts among them whose last pass failed and that no gateway has polled with success for so many
   * milliseconds.
   */
  listFailingHosts(forMs: number): Promise<string[]>;
}
