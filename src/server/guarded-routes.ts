import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Refusal } from "./errors.js";
import { checkContentHeaders } from "./guards/content.js";
import { checkCrossSite } from "./guards/cross-site.js";
import { certificateOf } from "./identity/client-certificates.js";
import type { KnownViewer } from "./identity/identity.js";
import type { ServerOptions } from "./options.js";

type Handler = (request: FastifyRequest, reply: FastifyReply, viewer: KnownViewer) => Promise<FastifyReply>;

const OTHER_METHODS = ["HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** Puts the guards in front of `/graphql`: all of them look at headers only, before the body is read. */
export function graphqlRoutes(app: FastifyInstance, options: ServerOptions, handler: Handler): void {
  void app.register((scope, _options, done) => {
    // The body stays unread: the handler reads it itself, within its own limits.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", (_request, _payload, parsed) => {
      parsed(null, undefined);
    });
    scope.route({
      method: ["GET", "POST"],
      url: "/graphql",
      onRequest: (request, _reply, next) => {
        checkCrossSite(request.method, request.headers, crossSiteRules(options));
        checkContentHeaders(request.method, request.headers);
        next();
      },
      handler: async (request, reply) => {
        const viewer = await viewerOf(request, options);
        if (!["reader", "operator", "router"].some((role) => viewer.roles.has(role as "reader"))) {
          throw new Refusal(403, "FORBIDDEN", "The graph needs the role reader, operator or router.");
        }
        return handler(request, reply, viewer);
      },
    });
    scope.route({
      method: OTHER_METHODS,
      url: "/graphql",
      handler: () => {
        throw new Refusal(405, "METHOD_NOT_ALLOWED", "Use GET or POST.", { allow: "GET, POST" });
      },
    });
    done();
  });
}

/** Serves `/metrics` to the roles metrics and reader. */
export function metricsRoute(app: FastifyInstance, options: ServerOptions): void {
  const { metrics } = options;
  if (metrics == null) return;
  app.get("/metrics", async (request, reply) => {
    checkCrossSite("POST", request.headers, crossSiteRules(options));
    const { roles } = await viewerOf(request, options);
    if (!roles.has("metrics") && !roles.has("reader") && !roles.has("operator")) {
      throw new Refusal(403, "FORBIDDEN", "Metrics need the role metrics or reader.");
    }
    return reply
      .type("text/plain; version=0.0.4; charset=utf-8")
      .header("cache-control", "no-store")
      .send(await metrics());
  });
}

/** Who sends the request, by its header or its certificate. */
export function viewerOf(request: FastifyRequest, { identity }: ServerOptions): Promise<KnownViewer> {
  return identity.identify({
    authorization: request.headers.authorization,
    certificate: certificateOf(request.raw.socket),
  });
}

/** What the check of other sites' pages needs to know of this server. */
export function crossSiteRules({ cors, tls }: ServerOptions) {
  return { allowedOrigins: cors, secure: tls != null };
}
