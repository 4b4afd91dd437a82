/** What the log says of a request. It never has the query string, a variable or a query's text, since they may hold anything. */
export interface RequestLine {
  /** Our own id of the request, a UUID. */
  readonly requestId: string;
  readonly viewer: string | null;
  readonly address: string;
  readonly method: string;
  readonly path: string;
  readonly operation: string | null;
  readonly hash: string | null;
  readonly cost: number | null;
  readonly rows: number | null;
  readonly ms: number;
  readonly status: number;
  readonly decision: string;
}

/** Writes the lines of requests, if the log's level shows them. It writes no bindings: a child of the log is no log of requests. */
export interface RequestLog {
  writeRequest(line: RequestLine): void;
}
