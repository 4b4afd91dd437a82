/**
 * Why a host did not answer. Each kind exists because some caller reacts differently to it. Messages never hold a
 * secret.
 */
export type HostErrorKind =
  /** No connection: DNS, refused, reset, closed. */
  | "unreachable"
  /**
   * Certificates: the host refused ours, or its own is of another CA, expired or of another name. Retrying fast does
   * not help.
   */
  | "untrusted"
  /** Connected, but no answer by the deadline. */
  | "timeout"
  /** An answer that is not VDSM's protocol, or larger than allowed. */
  | "protocol"
  /** Code 99: vdsmd has just started and does not know its VMs yet. */
  | "recovering"
  /** Any other JSON-RPC error; `code` tells which. */
  | "fault"
  /** The caller's signal ended the call. */
  | "aborted";

/** A failed question to one host. The message reads `<host:port>: <verb>: <what>`. */
export class HostError extends Error {
  override readonly name = "HostError";

  constructor(
    readonly kind: HostErrorKind,
    message: string,
    readonly code: number | null = null,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
