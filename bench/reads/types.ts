/** The questions that are asked; each peer answers some of them. */
export type QueryName = "Q1" | "Q2" | "Q3" | "Q4" | "Q5" | "Q6" | "Q7";

/** How a peer wants to be asked: with our schema, in PostGraphile's words, or by the operation's name alone. */
export type Dialect = "own" | "graph" | "postgraphile" | "bytes";

/** A server beside ours. */
export interface PeerSpec {
  readonly name: string;
  /** What is run: a file below peers/, or our own gateway. */
  readonly file: string | null;
  readonly dialect: Dialect;
  readonly queries: readonly QueryName[];
  /** Settings of our own gateway that are not the defaults. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Is asked one question again and again. */
  readonly hasOneQuestion?: boolean;
  /** Asks what our fast path leaves to the resolvers: the same, with a directive that changes nothing. */
  readonly isPlain?: boolean;
  /** Asks with a bearer token that has a scope. */
  readonly hasToken?: boolean;
  /** Needs a later Node than the bench itself. */
  readonly needsNode22?: boolean;
}

/** A running peer. */
export interface RunningPeer extends PeerSpec {
  readonly url: string;
  readonly pid: number;
  readonly headers: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** What one round of load brought. */
export interface Round {
  readonly requestsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Milliseconds of CPU a request. */
  readonly nodeCpuMs: number;
  readonly postgresCpuMs: number;
  readonly rssMb: number;
}
