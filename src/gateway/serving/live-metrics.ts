import { Counter, Gauge, type Registry } from "prom-client";
import type { LiveMeter, LiveTransport } from "../../server/live/live-meter.js";

/** The metrics of subscriptions. */
export interface LiveMetrics extends LiveMeter {
  /** Sets what is read at a scrape. */
  read(): void;
}

/**
 * Creates the metrics of subscriptions. `readLagMs` gives how far the reader of the log is behind; `null` while it does
 * not read.
 */
export function createLiveMetrics(registers: Registry[], readLagMs: () => number | null): LiveMetrics {
  const connections = new Gauge({
    name: "vnic_graph_subscription_connections",
    help: "Connections that carry subscriptions, by transport.",
    labelNames: ["transport"],
    registers,
  });
  for (const transport of TRANSPORTS) connections.set({ transport }, 0);
  const subscriptions = new Gauge({
    name: "vnic_graph_subscriptions",
    help: "Subscriptions that receive events.",
    registers,
  });
  const events = new Counter({
    name: "vnic_graph_subscription_events_total",
    help: "Events that were answered and given to connections.",
    registers,
  });
  const slowReaders = new Counter({
    name: "vnic_graph_slow_readers_total",
    help: "Subscribers that were let go because they read too slowly.",
    registers,
  });
  const lostCursors = new Counter({
    name: "vnic_graph_resumes_refused_total",
    help: "Subscriptions that could not go on behind their cursor and had to begin with the state.",
    registers,
  });
  const lag = new Gauge({
    name: "vnic_graph_subscription_lag_seconds",
    help: "Time since the reader of the change log last came to its end, while somebody subscribes.",
    registers,
  });
  return {
    onConnection: (transport, change) => {
      connections.inc({ transport }, change);
    },
    onSubscription: (change) => {
      subscriptions.inc(change);
    },
    onEvent: () => {
      events.inc();
    },
    onSlowReader: () => {
      slowReaders.inc();
    },
    onLostCursor: () => {
      lostCursors.inc();
    },
    read: () => {
      const lagMs = readLagMs();
      // A gateway that does not read the log has no lag; 0 would mean that it reads without one.
      if (lagMs === null) lag.remove();
      else lag.set(lagMs / 1_000);
    },
  };
}

const TRANSPORTS: readonly LiveTransport[] = ["websocket", "sse"];
