/** What the processes of the measurement tell each other. */
export interface FleetTask {
  readonly hosts: number;
  readonly vmsPerHost: number;
  readonly changedPerCycle: number;
}

/** What the fleet saw, in milliseconds. */
export interface Gaps {
  /** Between two polls of a host. */
  readonly gaps: Float64Array;
  /** Of each host, since its last poll. */
  readonly open: Float64Array;
  readonly polls: number;
  readonly forMs: number;
}

/** What a replica is to do. */
export interface ReplicaTask {
  readonly databaseUrl: string;
  readonly redisUrl: string | null;
  readonly installation: string;
  readonly addresses: readonly string[];
  readonly intervalMs: number;
  readonly concurrency: number;
}

/** What a replica did since it last told. */
export interface ReplicaNews {
  /** Host, start and end of each pass: three numbers a pass. */
  readonly passes: Float64Array;
  readonly superseded: number;
  readonly failures: readonly string[];
  readonly cpuMs: number;
  readonly rssBytes: number;
}
