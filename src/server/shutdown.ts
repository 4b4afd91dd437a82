import { setTimeout as wait } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import type { RunningServer } from "./options.js";

/** What running requests get, before they are cut off. */
const DRAIN_TIMEOUT_MS = 10_000;

/** Makes the end of a server: not ready, then deaf, then, when all is answered, gone. */
export function closing(
  app: FastifyInstance,
  apollo: { stop(): Promise<void> },
): { isDraining: () => boolean; drain: RunningServer["drain"] } {
  let draining = false;
  let closed: Promise<void> | null = null;

  // Connections that fall idle while we drain would otherwise hold the end up until their client leaves.
  app.addHook("onResponse", (_request, _reply, done) => {
    if (draining) {
      setImmediate(() => {
        app.server.closeIdleConnections();
      });
    }
    done();
  });

  const close = async (): Promise<void> => {
    await app.close();
    await apollo.stop();
  };

  return {
    isDraining: () => draining,
    async drain({ delayMs = 0, timeoutMs = DRAIN_TIMEOUT_MS } = {}) {
      draining = true;
      if (delayMs > 0) await wait(delayMs);
      closed ??= close();
      const cutOff = setTimeout(() => {
        app.server.closeAllConnections();
      }, timeoutMs);
      try {
        await closed;
      } finally {
        clearTimeout(cutOff);
      }
    },
  };
}
