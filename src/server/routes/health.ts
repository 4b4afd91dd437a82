import type { FastifyInstance } from "fastify";
import type { Readiness } from "../options.js";

/** Longer than a healthy database ever needs, and less than an orchestrator waits for an answer. */
const PATIENCE_MS = 1_000;

const NO_ANSWER: Readiness = { ready: false, reasons: ["the database does not answer"] };

/** Serves `/healthz` (the process lives) and `/readyz` (it can serve, or why not). Both are open to everybody. */
export function healthRoutes(
  app: FastifyInstance,
  readiness: () => Promise<Readiness>,
  isDraining: () => boolean,
): void {
  let asking: Promise<Readiness> | null = null;
  // Everybody who asks at once shares one question, so that probes cannot load the database.
  const ask = (): Promise<Readiness> => {
    asking ??= inTime(readiness()).finally(() => {
      asking = null;
    });
    return asking;
  };

  app.get("/healthz", (_request, reply) => reply.header("cache-control", "no-store").send({ status: "ok" }));

  app.get("/readyz", async (_request, reply) => {
    const { ready, reasons } = isDraining() ? { ready: false, reasons: ["shutting down"] } : await ask();
    return reply
      .code(ready ? 200 : 503)
      .header("cache-control", "no-store")
      .send({ ready, reasons });
  });
}

async function inTime(answer: Promise<Readiness>): Promise<Readiness> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Readiness>((resolve) => {
    timer = setTimeout(() => {
      resolve(NO_ANSWER);
    }, PATIENCE_MS);
  });
  try {
    return await Promise.race([answer.catch(() => NO_ANSWER), late]);
  } finally {
    clearTimeout(timer);
  }
}
