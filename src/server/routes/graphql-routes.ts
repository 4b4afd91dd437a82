import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Gate } from "../admission/gate.js";
import { GRAPHQL_RULE } from "../admission/rules.js";
import type { Visit } from "../admission/visit.js";
import { HttpError } from "../errors.js";

type Handler = (request: FastifyRequest, reply: FastifyReply, visit: Visit) => Promise<FastifyReply>;

/** Serves `/graphql`. */
export function registerGraphqlRoutes(app: FastifyInstance, gate: Gate, handler: Handler): void {
  void app.register((scope, _options, done) => {
    // Fastify must not read the body: the handler reads it itself, within its own limits.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(["application/json", "*"], (_request, _payload, parsed) => {
      parsed(null, undefined);
    });
    scope.route({
      method: ["GET", "HEAD", "POST"],
      url: "/graphql",
      config: { rule: GRAPHQL_RULE },
      handler: (request, reply) => handler(request, reply, gate.findVisit(request)),
    });
    done();
  });
}

/**
 * Refuses a request for a WebSocket from which a proxy took what asks for it. nginx does so unless it is told otherwise. Call it
 * before the client is identified: browsers send no credentials with such a request.
 */
export function refuseLostUpgrade({ headers, routeOptions }: FastifyRequest): void {
  if (routeOptions.url !== "/graphql" || headers["sec-websocket-key"] === undefined) return;
  throw new HttpError(
    400,
    "PROTOCOL_NOT_SUPPORTED",
    "A proxy in front took the headers Upgrade and Connection off; for WebSockets it must pass them on.",
  );
}
