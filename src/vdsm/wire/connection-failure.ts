import { toPrintable } from "../../model/printable.js";
import { HostError, type HostErrorKind } from "../errors.js";

/** The code of the failure of a host that floods us. JSON-RPC has no such number. */
export const FLOOD = -1;

/** A failure of a connection or an answer. It becomes a {@link HostError} when the host and the verb are known. */
export class ConnectionFailureError extends Error {
  override readonly name = "ConnectionFailureError";

  constructor(
    readonly kind: HostErrorKind,
    what: string,
    readonly code: number | null = null,
    options?: ErrorOptions,
  ) {
    super(formatOneLine(what), options);
  }
}

/** Creates the error that callers see, with the host and the verb before the message. */
export function createHostError(address: string, verb: string, failure: ConnectionFailureError): HostError {
  const options = failure.cause === undefined ? undefined : { cause: failure.cause };
  return new HostError(failure.kind, `${address}: ${verb}: ${failure.message}`, failure.code, options);
}

/** Creates the failure of a host that sends more than it may without being asked. */
export function createFloodFailure(): ConnectionFailureError {
  return new ConnectionFailureError("protocol", "the host sends without end what nobody asked for", FLOOD);
}

/** Creates the failure for an ERROR frame with this text. */
export function createRefusalFailure(text: string): ConnectionFailureError {
  return new ConnectionFailureError("protocol", `the host refuses: ${text}`);
}

/** Shortens a message of a peer, or of a library about a peer, to one line of a log. */
export function formatOneLine(text: string): string {
  const plain = toPrintable(text.slice(0, 4 * LONGEST));
  return plain.length <= LONGEST ? plain : `${plain.slice(0, LONGEST)}…`;
}

const LONGEST = 300;
