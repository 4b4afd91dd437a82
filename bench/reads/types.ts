/** The names of the questions. Each peer answers some of them. */
export type QueryName = "Q1" | "Q2" | "Q3" | "Q4" | "Q5" | "Q6" | "Q7";

/** The form of a peer's questions: by our schema, by PostGraphile's, or by the operation's name alone. */
export type Dialect = "own" | "graph" | "postgraphile" | "bytes";

/** A server of the comparison. */
export interface PeerSpec {
  readonly name: string;
  /** The file below peers/ to run; `null`: our own gateway. */
  readonly file: string | null;
  readonly dialect: Dialect;
  readonly queries: readonly QueryName[];
  /** Its settings that are not the defaults. */
  readonly settings?: Readonly<Record<string, string>>;
  /** `true` if it is asked one question again and again. */
  readonly hasOneQuestion?: boolean;
  /**
   * `true` if it is asked questions that our fast path leaves to the resolvers: the same, with a directive that changes
   * nothing.
   */
  readonly isPlain?: boolean;
  /** `true` if questions carry a bearer token with a scope. */
  readonly hasToken?: boolean;
  /** `true` if it needs a later Node than the bench itself. */
  readonly needsNode22?: boolean;
}

/** A running peer. */
export interface RunningPeer extends PeerSpec {
  readonly url: string;
  readonly pid: number;
  readonly headers: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** The results of one round. */
export interface Round {
  readonly requestsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Milliseconds of CPU a request. */
  readonly nodeCpuMs: number;
  readonly postgresCpuMs: number;
  readonly rssMb: number;
}
