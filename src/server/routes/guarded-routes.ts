import type { FastifyInstance, FastifyReply, FastifyRequest, onErrorHookHandler } from "fastify";
import { INTERNAL, HttpError } from "../errors.js";
import { checkContentHeaders } from "../admission/content.js";
import { checkCrossSite } from "../admission/cross-site.js";
import { readClientCertificate } from "../identity/client-certificates.js";
import type { KnownViewer } from "../identity/identity.js";
import type { ServerOptions } from "../options.js";

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
    scope.addHook("onError", logRefusal(options));
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
          throw new HttpError(403, "FORBIDDEN", "The graph needs the role reader, operator or router.");
        }
        return handler(request, reply, viewer);
      },
    });
    scope.route({
      method: OTHER_METHODS,
      url: "/graphql",
      handler: () => {
        throw new HttpError(405, "METHOD_NOT_ALLOWED", "Use GET or POST.", { allow: "GET, POST" });
      },
    });
    done();
  });
}

/** Serves `/metrics` to the role metrics, and to readers of the whole: its numbers are about all VMs. */
export function metricsRoute(app: FastifyInstance, options: ServerOptions): void {
  const { metrics } = options;
  if (metrics == null) return;
  app.get("/metrics", { onError: logRefusal(options) }, async (request, reply) => {
    checkCrossSite("POST", request.headers, crossSiteRules(options));
    const { roles, scope } = await viewerOf(request, options);
    const readsAll = scope === null && (roles.has("reader") || roles.has("operator"));
    if (!roles.has("metrics") && !readsAll) {
      throw new HttpError(403, "FORBIDDEN", "Metrics need the role metrics, or reader without a scope.");
    }
    return reply
      .type("text/plain; version=0.0.4; charset=utf-8")
      .header("cache-control", "no-store")
      .send(await metrics());
  });
}

/** A line for what never reaches the graph, refused for its headers or for who sends it; never the query string. */
function logRefusal({ log, onOperation }: ServerOptions): onErrorHookHandler {
  return (request, reply, error, done) => {
    const [status, decision] =
      error instanceof HttpError ? [error.status, error.code] : [error.statusCode ?? 500, INTERNAL];
    const fields = { ...fieldsOf(request, reply), viewer: null, status, decision };
    if (fields.path === "/graphql") onOperation?.({ status, decision, durationMs: reply.elapsedTime });
    log.info(fields, "request");
    done();
  };
}

/** What the log tells of a request that no GraphQL tells more of; the path without its query string, which may hold anything. */
export function fieldsOf(request: FastifyRequest, reply: FastifyReply) {
  return {
    requestId: request.id,
    address: request.ip,
    method: request.method,
    path: request.url.split("?", 1)[0]?.slice(0, 500),
    ms: Math.round(reply.elapsedTime),
  };
}

/** Who sends the request, by its header or its certificate. */
export function viewerOf(request: FastifyRequest, { identity }: ServerOptions): Promise<KnownViewer> {
  return identity.identify({
    authorization: request.headers.authorization,
    certificate: readClientCertificate(request.raw.socket),
  });
}

/** What the check of other sites' pages needs to know of this server. */
export function crossSiteRules({ cors, tls }: ServerOptions) {
  return { allowedOrigins: cors, secure: tls != null };
}
