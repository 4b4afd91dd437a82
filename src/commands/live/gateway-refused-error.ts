/**
 * A gateway refuses this client, and would do so again: there is no token, its role is missing, or the server is no
 * gateway.
 */
export class GatewayRefusedError extends Error {
  override readonly name = "GatewayRefusedError";
}
