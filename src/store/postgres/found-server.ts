import type { DatabaseServer } from "../../model/connections/database-url.js";
import type { ServerTls } from "./server-tls.js";

/** The server to which the next connection is made, and how. */
export interface FoundServer {
  readonly server: DatabaseServer;
  readonly tls: ServerTls;
  /**
   * `true`: the session belongs to a connection pooler, such as PgBouncer. Then settings hold for one transaction only, and
   * two of our statements may get two different sessions of the server.
   */
  readonly isPooled: boolean;
  /** Settings that the server is too old to know. */
  readonly unknownSettings: ReadonlySet<string>;
  /** The search_path to use instead of the session's own; `null`: that one is good. */
  readonly searchPath: string | null;
}

/** Finds the server to connect to, and remembers it. */
export interface ServerFinder {
  find(): Promise<FoundServer>;
  /** Forgets the server after a connection to it failed. The next connection searches again. */
  forget(): void;
}
