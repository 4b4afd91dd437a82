import { ConnectionFailureError } from "./connection-failure.js";

/** The phase of a connection that is being opened. */
export type Phase =
  /** Reading our certificates. */
  | "credentials"
  /** Resolving the name, TCP. */
  | "dial"
  /** TLS. */
  | "handshake"
  /** CONNECT was sent. */
  | "greeting"
  /** CONNECTED was received. */
  | "open";

/** Creates the failure for a socket's error at a phase; `null`: the socket ended without an error. */
export function createSocketFailure(error: Error | null, phase: Phase, tls: boolean): ConnectionFailureError {
  const code = readErrorCode(error);
  if (phase === "dial") return createDialFailure(code, error);
  if (tls && phase !== "open") return createTlsFailure(code, error);
  const when = phase === "open" ? "connection lost" : "connection closed before CONNECTED";
  return new ConnectionFailureError(
    "unreachable",
    code === null ? `${when}: the host closed it` : `${when} (${code})`,
  );
}

/** Creates the failure of a connection that was not open in time. */
export function createTimeoutFailure(phase: Phase, afterMs: number): ConnectionFailureError {
  return new ConnectionFailureError("unreachable", `${WAITED_FOR[phase]} within ${afterMs} ms`);
}

const WAITED_FOR: Record<Phase, string> = {
  credentials: "certificates not read",
  dial: "no TCP connection",
  handshake: "TCP connected, but no TLS",
  greeting: "connected, but no CONNECTED",
  open: "no answer",
};

function createDialFailure(code: string | null, cause: Error | null): ConnectionFailureError {
  const what = (code === null ? undefined : DIAL_ERRORS[code]) ?? "no connection";
  const options = cause === null ? undefined : { cause };
  return new ConnectionFailureError("unreachable", code === null ? what : `${what} (${code})`, null, options);
}

const DIAL_ERRORS: Record<string, string> = {
  ENOTFOUND: "its name does not resolve",
  EAI_AGAIN: "its name cannot be resolved now",
  ECONNREFUSED: "connection refused; is vdsmd running, and is it this port?",
  EHOSTUNREACH: "no route to it",
  ENETUNREACH: "no route to its network",
  ETIMEDOUT: "no TCP connection in time",
};

/** Creates the failure of TLS. The error is not kept as its cause, because Node puts the whole certificate into it. */
function createTlsFailure(code: string | null, error: Error | null): ConnectionFailureError {
  // With TLS 1.3, a host refuses a client certificate only after the handshake, and often by a reset.
  const unsaid = code === null || code === "ECONNRESET" || code === "EPIPE" || code === "ECONNABORTED";
  const what = unsaid
    ? "connection closed before CONNECTED; on TLS a host does so when it does not accept our client certificate"
    : (TLS_ERRORS.find((known) => known.code.test(code))?.what ?? error?.message ?? "TLS failed");
  return new ConnectionFailureError("untrusted", code === null ? what : `${what} (${code})`);
}

const TLS_ERRORS: readonly { readonly code: RegExp; readonly what: string }[] = [
  { code: /^CERT_HAS_EXPIRED$/, what: "the host's certificate has expired; have it renewed" },
  { code: /^CERT_NOT_YET_VALID$/, what: "the host's certificate is not valid yet; check both clocks" },
  {
    code: /SELF_SIGNED|UNABLE_TO_|SIGNATURE/,
    what: "the host's certificate is not from our CA; check the CA file",
  },
  { code: /ALTNAME/, what: "the host's certificate bears another name; set the server name to expect" },
  {
    code: /ALERT_(UNKNOWN_CA|BAD_CERTIFICATE)|DECRYPT_ERROR/,
    what: "the host does not know the CA of our client certificate",
  },
  {
    code: /ALERT_CERTIFICATE_(EXPIRED|REVOKED)/,
    what: "the host says that our client certificate is expired or revoked",
  },
  {
    code: /ALERT_(CERTIFICATE|HANDSHAKE|NO_CERT)|CERTIFICATE_REQUIRED/,
    what: "the host refuses our client certificate",
  },
  {
    code: /UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|VERSION_TOO_LOW/,
    what: "the host has no TLS 1.2; older versions are not spoken here",
  },
  {
    code: /WRONG_VERSION|PACKET_LENGTH|RECORD|HTTP_REQUEST/,
    what: "the host does not speak TLS on this port",
  },
];

/** Reads the code of an error. If several addresses were tried, it is the code of the first. */
function readErrorCode(error: Error | null): string | null {
  if (error === null) return null;
  if ("code" in error && typeof error.code === "string") return error.code;
  const first: unknown = error instanceof AggregateError ? error.errors[0] : null;
  return first instanceof Error ? readErrorCode(first) : null;
}
