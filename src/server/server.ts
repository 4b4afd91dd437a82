import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Server as TlsServer } from "node:tls";
import { constants } from "node:zlib";
import compress from "@fastify/compress";
import cors from "@fastify/cors";
import Fastify, { type FastifyInstance } from "fastify";
import { sendError } from "./answers.js";
import { createAdmission } from "./graphql/admit-operation.js";
import { startApollo } from "./graphql/apollo.js";
import {
  createDocumentGate,
  createTrustedDocumentGate,
  readTrustedDocuments,
} from "./graphql/request/documents.js";
import { createGate, type Gate } from "./admission/gate.js";
import { PAGE_RULE } from "./admission/rules.js";
import { answerOneAtATime } from "./admission/one-at-a-time.js";
import { answerMalformed } from "./messages/malformed.js";
import { UpgradeRequest } from "./messages/upgrade-request.js";
import { addBracketsToIPv6, isLoopbackHost } from "../model/connections/host-address.js";
import { createOperationCheck } from "./graphql/cost/check-operation.js";
import { createFastAnswers } from "./graphql/fast-answers.js";
import { createTurns } from "./graphql/cost/turns.js";
import { createGraphqlHandler } from "./graphql/graphql-handler.js";
import { AnswerMemory } from "./sending/answer-memory.js";
import { refuseLostUpgrade, registerGraphqlRoutes } from "./routes/graphql-routes.js";
import { registerHealthRoutes } from "./routes/health.js";
import { registerMetricsRoute } from "./routes/metrics-route.js";
import { DEFAULT_LIMITS, type Limits } from "../model/limits.js";
import { createLiveConnections } from "./live/connections.js";
import { createLivePreparation } from "./live/operations.js";
import { acceptWebSockets } from "./live/websocket.js";
import { registerEventRoutes } from "./routes/event-routes.js";
import { recordMethods } from "./routes/route-methods.js";
import { listen } from "./listen.js";
import type { RunningServer, ServerOptions } from "./options.js";
import { findBuiltPages, registerPageRoutes } from "./routes/pages.js";
import { readPortalOperations } from "./graphql/request/portal-operations.js";
import { registerReadingRoutes } from "./routes/reading-routes.js";
import { createRequestReader } from "./graphql/request/request-reader.js";
import { normalizeTarget } from "./request-target.js";
import { SecuredResponse } from "./secured-response.js";
import { createShutdown } from "./shutdown.js";
import { toSecureContext, toServerTls } from "./tls.js";

export type { RunningServer, ServerOptions } from "./options.js";

/** Serves a schema over HTTP, with limits, identity, health, metrics and GraphiQL around it. Every route passes the gate. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  refuseOpenServer(options);
  const limits: Limits = { ...DEFAULT_LIMITS, ...options.limits };
  const pagesDir = options.pagesDir ?? findBuiltPages();
  const own = await readPortalOperations(pagesDir);
  const documents =
    options.trustedDocumentsFile == null
      ? createDocumentGate(limits, own)
      : createTrustedDocumentGate(
          new Map([...own, ...(await readTrustedDocuments(options.trustedDocumentsFile))]),
        );
  const gate = createGate(options, limits);
  const check = createOperationCheck(options.schema, limits, options.estimateField ?? null);
  const admit = createAdmission(gate.costRooms);
  const fast = options.fastPath && createFastAnswers(options.fastPath, limits, { check, admit });
  const apollo = await startApollo(options, limits, { check, admit, ...(fast && { fast }) });
  const app = createApp(options);
  gate.receive(app.server);
  answerMalformed(app.server, answerOneAtATime(app.server, gate.turns), options.log);
  const live = createLiveConnections(options, limits);
  const shutdown = createShutdown(app, apollo, live);

  await registerAnswers(app, options, gate, shutdown.isDraining);
  registerHealthRoutes(app, options.readiness, {
    isDraining: shutdown.isDraining,
    isStuck: () => gate.isStuck(),
  });
  const reader = createRequestReader(limits);
  const turns = createTurns();
  registerGraphqlRoutes(
    app,
    gate,
    createGraphqlHandler({
      ...{ apollo, options, limits, reader, documents, turns, memory: new AnswerMemory() },
      ...(fast && { fast }),
    }),
  );
  const prepare = createLivePreparation(options, limits, { documents, turns });
  registerEventRoutes(app, gate, { options, limits, reader, prepare, live });
  acceptWebSockets(app.server, gate, { options, limits, prepare, live, isDraining: shutdown.isDraining });
  if (options.metrics != null) registerMetricsRoute(app, gate, options.metrics);
  registerReadingRoutes(app, gate, options.routes);
  await registerPageRoutes(app, gate, {
    directory: pagesDir,
    graphiql: options.graphiql,
    isDemo: options.isDemo ?? false,
    signIn: options.signIn ?? null,
  });

  await listen(app, options);
  const { port } = app.server.address() as AddressInfo;
  const name = addBracketsToIPv6(options.host);
  return {
    url: `${options.tls == null ? "http" : "https"}://${name}:${port}`,
    port,
    drain: shutdown.drain,
    useTls: (tls) => {
      if (app.server instanceof TlsServer) app.server.setSecureContext(toSecureContext(tls));
    },
    stop: () => shutdown.drain({ timeoutMs: 0 }),
  };
}

function refuseOpenServer({ host, identity, insecure }: ServerOptions): void {
  if (isLoopbackHost(host) || identity.required || insecure) return;
  throw new Error(
    `${host} can be reached by others, but nothing says who may ask; set an identity or --insecure`,
  );
}

/**
 * Creates the Fastify server. Clients that send slowly or not at all are dropped soon; a connection may be used again
 * for a while after its request.
 */
function createApp({ tls, basePath = "", log }: ServerOptions): FastifyInstance {
  const connections = {
    headersTimeout: 10_000,
    connectionsCheckingInterval: 1_000,
    maxHeaderSize: 16 * 1024,
    // The gate refuses such a request in the form of all refusals.
    requireHostHeader: false,
    IncomingMessage: UpgradeRequest,
    ServerResponse: SecuredResponse,
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
    // An id that nothing has is answered as such, however long it is. The size of the head bounds it.
    routerOptions: { maxParamLength: connections.maxHeaderSize },
    // Loading the compilers of JSON schemas takes a tenth of a start, and no route has such a schema.
    schemaController: { compilersFactory: { buildValidator: refuseSchemas, buildSerializer: refuseSchemas } },
    rewriteUrl: createNormalize(basePath),
    frameworkErrors: (error: Error, request: unknown, reply: unknown): void => {
      void sendError(
        request as Parameters<typeof sendError>[0],
        reply as Parameters<typeof sendError>[1],
        error,
        log,
      );
    },
  };
  const app =
    tls == null
      ? Fastify({ ...common, http: connections })
      : Fastify({ ...common, https: { ...connections, ...toServerTls(tls) } });
  // Node would drop headers beyond a number without a word, and those that say how the body is framed with them. The size of the
  // head bounds them.
  app.server.maxHeadersCount = 0;
  return app;
}

/** Creates the function that normalizes what requests ask for. Most ask for the same as the one before. */
function createNormalize(basePath: string): (request: IncomingMessage) => string {
  let [lastUrl, lastTarget] = ["/", normalizeTarget("/", basePath)];
  return ({ url = "/" }) => {
    if (url !== lastUrl) [lastUrl, lastTarget] = [url, normalizeTarget(url, basePath)];
    return lastTarget;
  };
}

function refuseSchemas(): never {
  throw new Error("a route has a JSON schema, for which no compiler is loaded");
}

/** Registers what every answer gets: its id, the gate, CORS, errors and compression, in this order. */
async function registerAnswers(
  app: FastifyInstance,
  options: ServerOptions,
  gate: Gate,
  isDraining: () => boolean,
): Promise<void> {
  app.addHook("onRequest", (request, reply, done) => {
    reply.header("x-request-id", request.id);
    if (isDraining()) reply.header("connection", "close");
    done();
  });
  gate.begin(app);
  const refuse = recordMethods(app);
  app.setErrorHandler((error, request, reply) => sendError(request, reply, error, options.log));
  app.setNotFoundHandler((request, reply) => sendError(request, reply, refuse(request), options.log));
  if (options.cors.length > 0) {
    // The plugin's own route takes the preflights of paths that have no route for OPTIONS. Its hook answers them.
    app.addHook("onRoute", (route) => {
      if (route.url === "*" && route.method === "OPTIONS")
        route.config = { ...route.config, rule: PAGE_RULE };
    });
    const forPages = {
      origin: [...options.cors],
      methods: ["GET", "HEAD", "POST"],
      allowedHeaders: [...ALLOWED_HEADERS, ...(options.corsHeaders ?? [])],
      exposedHeaders: [...EXPOSED_HEADERS],
      maxAge: 600,
    };
    const forOthers = { ...forPages, preflight: false };
    await app.register(cors, {
      // Other requests with OPTIONS are refused as without CORS: the plugin would answer them in a form of its own.
      delegator: ({ headers }, callback) => {
        const isPreflight =
          headers.origin !== undefined && headers["access-control-request-method"] !== undefined;
        callback(null, isPreflight ? forPages : forOthers);
      },
    });
  }
  app.addHook("onRequest", (request, _reply, done) => {
    refuseLostUpgrade(request);
    done();
  });
  gate.guard(app);
  // Before the body is read.
  app.addHook("onRequest", (request, _reply, done) => {
    done(request.is404 ? refuse(request) : undefined);
  });
  // Quality 4 compresses an answer of 400 kB in milliseconds; the default of 11 takes seconds.
  await app.register(compress, {
    encodings: ["br", "gzip"],
    threshold: 1_024,
    customTypes: /json|text|javascript|svg/,
    brotliOptions: { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } },
  });
}

/** Headers that pages of listed origins may always send; CORS_HEADERS adds others. */
const ALLOWED_HEADERS: readonly string[] = ["content-type", "authorization", "apollo-require-preflight"];

/** Headers of answers that pages of listed origins may read: when to ask again, what to ask the operator about, the next page of a list. */
const EXPOSED_HEADERS: readonly string[] = ["retry-after", "x-request-id", "etag", "link"];
