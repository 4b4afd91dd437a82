/** The task of the fleet's process. */
export interface FleetTask {
  readonly hosts: number;
  readonly vmsPerHost: number;
  readonly changedPerCycle: number;
}

/** What the fleet measured, in milliseconds. */
export interface Gaps {
  /** The gaps between two polls of a host. */
  readonly gaps: Float64Array;
  /** For each host, the time since its last poll. */
  readonly open: Float64Array;
  readonly polls: number;
  readonly forMs: number;
}

/** The task of a replica's process. */
export interface ReplicaTask {
  readonly databaseUrl: string;
  readonly redisUrl: string | null;
  readonly installation: string;
  readonly addresses: readonly string[];
  readonly intervalMs: number;
  readonly concurrency: number;
}

/** What a replica did since its last message. */
export interface ReplicaNews {
  /** Host, start and end of each pass, as three numbers. */
  readonly passes: Float64Array;
  readonly superseded: number;
  readonly failures: readonly string[];
  readonly cpuMs: number;
  readonly rssBytes: number;
}
