import type { DatabaseServer } from "../../model/connections/database-url.js";
import type { ServerTls } from "./server-tls.js";

/** Where and how the next connection is made. */
export interface Place {
  readonly server: DatabaseServer;
  readonly tls: ServerTls;
  /**
   * The session belongs to a connection pooler, such as PgBouncer. Settings hold for one transaction, and two
   * statements of ours may meet two sessions of the server.
   */
  readonly isPooled: boolean;
  /** Settings that the server is too old to know. */
  readonly unknownSettings: ReadonlySet<string>;
}

/** Finds out where to connect to, and remembers it. */
export interface PlaceFinder {
  find(): Promise<Place>;
  /** Forgets the place after a connection to it failed: the next connection looks again. */
  forget(): void;
}
