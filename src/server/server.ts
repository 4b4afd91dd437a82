import { randomUUID } from "node:crypto";
import type { AddressInfo } from "node:net";
import { Server as TlsServer } from "node:tls";
import { constants } from "node:zlib";
import compress from "@fastify/compress";
import cors from "@fastify/cors";
import Fastify, { type FastifyInstance } from "fastify";
import { sendError } from "./answers.js";
import { startApollo } from "./graphql/apollo.js";
import { anyDocument, readTrustedDocuments, trustedDocumentsOnly } from "./graphql/documents.js";
import { HttpError, requestScope } from "./errors.js";
import { checkHost } from "./admission/host-header.js";
import { bracketIPv6, isLoopbackHost } from "../model/host-address.js";
import { graphqlHandler } from "./graphql/graphql-handler.js";
import { graphqlRoutes, metricsRoute } from "./routes/guarded-routes.js";
import { healthRoutes } from "./routes/health.js";
import { createAdmission } from "./admission/admission.js";
import { DEFAULT_LIMITS, type Limits } from "../model/limits.js";
import { listen } from "./listen.js";
import { moreRoutes } from "./routes/more-routes.js";
import type { RunningServer, ServerOptions } from "./options.js";
import { findBuiltPages, pageRoutes } from "./routes/pages.js";
import { readPortalOperations } from "./graphql/portal-operations.js";
import { createRequestReader } from "./graphql/request-reader.js";
import { SECURITY_HEADERS, TRANSPORT_SECURITY } from "./security-headers.js";
import { closing } from "./shutdown.js";
import { secureContextOf, serverTlsOf } from "./tls.js";

export type { RunningServer, ServerOptions } from "./options.js";

/** Serves a schema over HTTP: guards, limits, identity, health, metrics and GraphiQL around it. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  refuseOpenDoors(options);
  const limits: Limits = { ...DEFAULT_LIMITS, ...options.limits };
  const pagesDir = options.pagesDir ?? findBuiltPages();
  const own = await readPortalOperations(pagesDir);
  const documents =
    options.trustedDocumentsFile == null
      ? anyDocument(limits, own)
      : trustedDocumentsOnly(
          new Map([...own, ...(await readTrustedDocuments(options.trustedDocumentsFile))]),
        );
  const apollo = await startApollo(options, limits);
  const app = createApp(options);
  const shutdown = closing(app, apollo);
  app.server.maxConnections = limits.connections;

  await everyAnswer(app, options, shutdown.isDraining);
  healthRoutes(app, options.readiness, shutdown.isDraining);
  const admission = createAdmission(limits);
  const reader = createRequestReader(limits);
  graphqlRoutes(app, options, graphqlHandler({ apollo, options, limits, admission, reader, documents }));
  metricsRoute(app, options);
  moreRoutes(app, options, { limits, admission });
  await pageRoutes(app, pagesDir, { graphiql: options.graphiql });

  await listen(app, options);
  const { port } = app.server.address() as AddressInfo;
  const name = bracketIPv6(options.host);
  return {
    url: `${options.tls == null ? "http" : "https"}://${name}:${port}`,
    port,
    drain: shutdown.drain,
    useTls: (tls) => {
      if (app.server instanceof TlsServer) app.server.setSecureContext(secureContextOf(tls));
    },
    stop: () => shutdown.drain({ timeoutMs: 0 }),
  };
}

function refuseOpenDoors({ host, identity, insecure }: ServerOptions): void {
  if (isLoopbackHost(host) || identity.required || insecure) return;
  throw new Error(
    `${host} can be reached by others, but nothing says who may ask; set an identity or --insecure`,
  );
}

/** Half-open and dripping clients are dropped soon; a finished request's connection may be used again for a while. */
function createApp({ tls }: ServerOptions): FastifyInstance {
  const connections = {
    headersTimeout: 10_000,
    connectionsCheckingInterval: 1_000,
    maxHeaderSize: 16 * 1024,
  };
  const common = {
    logger: false,
    requestTimeout: 15_000,
    connectionTimeout: 60_000,
    keepAliveTimeout: 65_000,
    forceCloseConnections: "idle" as const,
    return503OnClosing: false,
    genReqId: () => randomUUID(),
    requestIdHeader: false as const,
    exposeHeadRoutes: false,
    frameworkErrors: (error: Error, request: unknown, reply: unknown): void => {
      void sendError(
        request as Parameters<typeof sendError>[0],
        reply as Parameters<typeof sendError>[1],
        error,
      );
    },
  };
  if (tls == null) return Fastify({ ...common, http: connections });
  const https = { ...connections, ...serverTlsOf(tls) };
  return Fastify({ ...common, https });
}

async function everyAnswer(
  app: FastifyInstance,
  options: ServerOptions,
  isDraining: () => boolean,
): Promise<void> {
  const headers = { ...SECURITY_HEADERS, ...(options.tls == null ? {} : TRANSPORT_SECURITY) };
  const names = [...options.allowedHosts, options.host];
  app.addHook("onRequest", (request, reply, done) => {
    reply.headers({ ...headers, "x-request-id": request.id });
    if (isDraining()) reply.header("connection", "close");
    // Probes call by whatever name they like; their answers tell nothing.
    if (request.url !== "/healthz" && request.url !== "/readyz") checkHost(request.headers.host, names);
    done();
  });
  app.setErrorHandler((error, request, reply) =>
    requestScope.run({ requestId: request.id, log: options.log }, () => sendError(request, reply, error)),
  );
  app.setNotFoundHandler((request, reply) =>
    sendError(request, reply, new HttpError(404, "NOT_FOUND", "There is nothing here; /graphql answers.")),
  );
  if (options.cors.length > 0) {
    await app.register(cors, {
      origin: [...options.cors],
      methods: ["GET", "POST"],
      allowedHeaders: ["content-type", "authorization", "apollo-require-preflight"],
      maxAge: 600,
    });
  }
  // Quality 4 compresses an answer of 400 kB in milliseconds; the default of 11 takes seconds.
  await app.register(compress, {
    encodings: ["br", "gzip"],
    threshold: 1_024,
    customTypes: /json|text|javascript|svg/,
    brotliOptions: { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } },
  });
}
