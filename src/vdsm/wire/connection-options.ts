import type { ConnectionFailureError } from "./connection-failure.js";
import type { ReadingRooms } from "./reading-room.js";
import type { TlsCredentials } from "./tls.js";

/** The address of a host, and the limits of a connection. */
export interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: (() => Promise<TlsCredentials>) | null;
  /** The time from reading the certificates to CONNECTED. */
  readonly connectTimeoutMs: number;
  readonly maxFrameBytes: number;
  /** How often the host is asked to send a heartbeat. */
  readonly heartbeatMs: number;
  /** The rooms for answers that are read at the same time. */
  readonly rooms: ReadingRooms;
  /** Aborted when the host is not to be connected any more. */
  readonly closed: AbortSignal;
}

/** Receives what happens on a connection. */
export interface ConnectionListener {
  /**
   * Receives the body of a message to our reply queue. Returns a promise that resolves when it has been read; `null`: it answers
   * none of our calls.
   */
  onMessage(body: Buffer): Promise<void> | null;
  /** Called once, when the connection can be used no more. */
  onFailed(failure: ConnectionFailureError): void;
}
