/** The source does not keep what was asked for. The message says what, and is for clients. */
export class NotKeptError extends Error {
  override readonly name = "NotKeptError";
  /** Used by the graph and by HTTP. */
  readonly extensions = { code: "NOT_AVAILABLE" };
}
