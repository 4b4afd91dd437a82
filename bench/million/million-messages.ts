/** The task of the hosts' process. */
export interface HostsTask {
  /** The number of the first host; VMs are numbered after their hosts. */
  readonly firstHost: number;
  readonly hosts: number;
  readonly vmsPerHost: number;
  /** `true`: answers have a letter beyond ASCII, which VDSM would escape, so they must be parsed. */
  readonly isPlain?: boolean;
}

/** The task of a replica's process. */
export interface ReplicaTask {
  readonly databaseUrl: string;
  /** Every host as `host:port`. */
  readonly addresses: readonly string[];
  readonly concurrency: number;
}

/** The results of one cycle of a replica over all hosts, as the replica sees it. */
export interface CycleNews {
  readonly wallMs: number;
  readonly vms: number;
  readonly changedVms: number;
  /** Passes that failed, and why the first of them did. */
  readonly failed: number;
  readonly failure: string | null;
  /** The most resident memory in the cycle; `null` if the system does not tell. */
  readonly peakRssBytes: number | null;
  readonly memory: Readonly<Record<"rss" | "heapUsed" | "external" | "arrayBuffers", number>>;
}
