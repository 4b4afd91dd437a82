/** A source is asked for what it does not keep; the message says what, and is for clients. */
export class NotKeptError extends Error {
  override readonly name = "NotKeptError";
  /** Read by the graph and by HTTP. */
  readonly extensions = { code: "NOT_AVAILABLE" };
}
