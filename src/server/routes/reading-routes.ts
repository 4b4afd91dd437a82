import type { FastifyInstance } from "fastify";
import type { Gate } from "../admission/gate.js";
import { READING_RULE } from "../admission/rules.js";
import type { ServerOptions } from "../options.js";

/**
 * Registers routes that read, such as the REST flow. A route that states no rule of its own gets the rule of readers.
 * Unless its rule is lasting, its handler runs in a place.
 */
export function registerReadingRoutes(
  app: FastifyInstance,
  gate: Gate,
  routes: ServerOptions["routes"],
): void {
  if (routes === undefined) return;
  void app.register(async (scope) => {
    scope.addHook("onRoute", (route) => {
      const rule = route.config?.rule ?? READING_RULE;
      route.config = { ...route.config, rule };
      if (rule.lasting) return;
      const { handler } = route;
      route.handler = function (request, reply) {
        return gate.findVisit(request).runPiece(() => Promise.resolve(handler.call(this, request, reply)));
      };
    });
    await routes(scope, gate.findAdmitted);
  });
}
