import type { FastifyInstance } from "fastify";
import type { Gate } from "../admission/gate.js";
import { METRICS_RULE } from "../admission/rules.js";

/** Serves `/metrics` in Prometheus' text format. */
export function registerMetricsRoute(
  app: FastifyInstance,
  gate: Gate,
  printMetrics: () => Promise<string>,
): void {
  app.route({
    method: ["GET", "HEAD"],
    url: "/metrics",
    config: { rule: METRICS_RULE },
    handler: async (request, reply) => {
      const text = await gate.findVisit(request).runPiece(printMetrics);
      return reply
        .type("text/plain; version=0.0.4; charset=utf-8")
        .header("cache-control", "no-store")
        .send(text);
    },
  });
}
