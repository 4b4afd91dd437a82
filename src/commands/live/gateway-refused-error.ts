/** A gateway refuses whoever asks, and would do so again: no token, one without the role, or no gateway at all. */
export class GatewayRefusedError extends Error {
  override readonly name = "GatewayRefusedError";
}
