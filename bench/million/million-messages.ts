/** What the processes of the measurement tell each other. */
export interface HostsTask {
  /** The number of the first host; VMs are numbered after their hosts. */
  readonly firstHost: number;
  readonly hosts: number;
  readonly vmsPerHost: number;
  /** Answers hold a letter beyond ASCII, which VDSM would escape: they have to be parsed. */
  readonly isPlain?: boolean;
}

/** What a replica is to read. */
export interface ReplicaTask {
  readonly databaseUrl: string;
  /** Every host as `host:port`. */
  readonly addresses: readonly string[];
  readonly concurrency: number;
}

/** What one cycle of a replica over all hosts came to, as the replica itself sees it. */
export interface CycleNews {
  readonly wallMs: number;
  readonly vms: number;
  readonly changedVms: number;
  /** Passes that did not end well, and why the first of them did not. */
  readonly failed: number;
  readonly failure: string | null;
  /** The most that was resident in the cycle; `null` where the system does not say. */
  readonly peakRssBytes: number | null;
  readonly memory: Readonly<Record<"rss" | "heapUsed" | "external" | "arrayBuffers", number>>;
}
