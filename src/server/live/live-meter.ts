/** How subscriptions reach a client. */
export type LiveTransport = "websocket" | "sse";

/** Is called for what happens to subscriptions, to count it in the metrics. */
export interface LiveMeter {
  /** A connection was let in (1), or has ended (-1). */
  onConnection(transport: LiveTransport, change: 1 | -1): void;
  /** A subscription began (1) or ended (-1). */
  onSubscription(change: 1 | -1): void;
  /** An event was answered and given to its connection. */
  onEvent(): void;
  /** A subscriber read too slowly, and its connection was ended. */
  onSlowReader(): void;
  /** A cursor was refused, because the changes that follow it are no longer stored. */
  onLostCursor(): void;
}
