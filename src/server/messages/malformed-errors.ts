import { HttpError } from "../errors.js";

/** An error of Node's parser or its timers, or of TLS. */
export interface MessageFailure extends Error {
  readonly code?: string;
  /** What the parser or the TLS library says of it; a fixed text that never holds what the client sent. */
  readonly reason?: string;
  /** The bytes in which the parser stopped. */
  readonly rawPacket?: Buffer;
}

/** Converts what went wrong with a message into its refusal; `null` if there is nobody to answer. */
export function convertMessageFailure(failure: MessageFailure): HttpError | null {
  const { code = "" } = failure;
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") {
    return new HttpError(408, "REQUEST_TIMEOUT", "The request did not arrive in time.");
  }
  if (code === "HPE_HEADER_OVERFLOW") {
    return new HttpError(431, "HEADERS_TOO_LARGE", "The target and the headers are larger than 16 kB.");
  }
  if (code === "HPE_CHUNK_EXTENSIONS_OVERFLOW") {
    return new HttpError(413, "BODY_TOO_LARGE", "The extensions of the body's chunks are too large.");
  }
  if (code === "HPE_INVALID_VERSION" || code === "HPE_PAUSED_H2_UPGRADE") return createVersionError();
  if (code === PLAIN_HTTP) {
    return new HttpError(400, "BAD_REQUEST", "This port speaks TLS; ask it with https://.");
  }
  // TLS that failed, or a connection that has gone.
  if (!code.startsWith("HPE_")) return null;
  return new HttpError(400, "BAD_REQUEST", `The request is not valid HTTP/1.1: ${explainFailure(failure)}.`);
}

/** OpenSSL's finding where TLS should begin: a client that asks with http:// has sent GET, HEAD, POST or PUT. */
export const PLAIN_HTTP = "ERR_SSL_HTTP_REQUEST";

/** Tells whether TLS failed. */
export function isHandshakeFailure({ code = "" }: MessageFailure): boolean {
  return code.startsWith("ERR_SSL_") || code.startsWith("ERR_TLS_");
}

/** Explains in a few words what is wrong with a message. */
export function explainFailure({ rawPacket, reason, message }: MessageFailure): string {
  if (rawPacket?.[0] === TLS_HANDSHAKE && rawPacket[1] === TLS_VERSION) return "this port does not speak TLS";
  return reason ?? message;
}

/** Creates the refusal of a version of HTTP that is not spoken here. */
export function createVersionError(): HttpError {
  return new HttpError(505, "HTTP_VERSION_NOT_SUPPORTED", "HTTP/1.1 and HTTP/1.0 are spoken here.", {
    connection: "close",
  });
}

/** The first bytes of a TLS connection. */
const TLS_HANDSHAKE = 0x16;
const TLS_VERSION = 0x03;
