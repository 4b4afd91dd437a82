import type { FastifyInstance } from "fastify";
import { HEALTH_RULE } from "../admission/rules.js";
import { limitPatience } from "../limit-patience.js";
import type { Readiness } from "../options.js";

/** Deadline of a health check. A healthy database answers sooner, and an orchestrator waits longer. */
const PATIENCE_MS = 1_000;

const NO_ANSWER: Readiness = { ready: false, reasons: ["the database does not answer"] };

/** What the server itself knows of its readiness. */
export interface ServerHealth {
  readonly isDraining: () => boolean;
  /** Tells whether no request has got a place for longer than the deadline. */
  readonly isStuck: () => boolean;
}

/** Serves `/healthz` (the process lives) and `/readyz` (it can serve, or why not). Both are open to everybody. */
export function registerHealthRoutes(
  app: FastifyInstance,
  readiness: () => Promise<Readiness>,
  { isDraining, isStuck }: ServerHealth,
): void {
  let asking: Promise<Readiness> | null = null;
  // Probes that ask at the same time share one question, so that they cannot load the database.
  const ask = (): Promise<Readiness> => {
    asking ??= limitPatience(readiness(), PATIENCE_MS, NO_ANSWER).finally(() => {
      asking = null;
    });
    return asking;
  };

  const method = ["GET", "HEAD"];
  const config = { rule: HEALTH_RULE };
  app.route({
    method,
    url: "/healthz",
    config,
    handler: (_request, reply) => reply.header("cache-control", "no-store").send({ status: "ok" }),
  });
  app.route({
    method,
    url: "/readyz",
    config,
    handler: async (_request, reply) => {
      const {
        ready,
        reasons,
        warnings = [],
      } = isDraining() ? SHUTTING_DOWN : isStuck() ? STUCK : await ask();
      return reply
        .code(ready ? 200 : 503)
        .header("cache-control", "no-store")
        .send({ ready, reasons, ...(warnings.length > 0 && { warnings }) });
    },
  });
}

const SHUTTING_DOWN: Readiness = { ready: false, reasons: ["shutting down"] };
const STUCK: Readiness = { ready: false, reasons: ["no request could begin for longer than the deadline"] };
