import type { Config } from "../config.js";
import type { KeptAnswers } from "../fast/kept-answers.js";
import { createFastPath } from "../fast/fast-path.js";
import { createFieldEstimator } from "../graph/estimates/estimate-field.js";
import { estimateRenamed } from "../graph/estimates/estimate-renamed.js";
import { registerExports } from "../exports/export-plugin.js";
import type { GraphContext, HostAdmin } from "../graph/context.js";
import { buildGraphSchema } from "../graph/schema.js";
import { createLoaders } from "../loaders/loaders.js";
import { failReads } from "../loaders/batches/wrap-reads.js";
import { registerLogin } from "../rest/login-plugin.js";
import { registerRest } from "../rest/rest-plugin.js";
import { LOGIN_RULE, LONG_LIST_RULE } from "../server/admission/rules.js";
import { HttpError } from "../server/errors.js";
import type { KeptAnswer } from "../server/graphql/kept-answer.js";
import type { Identity, KnownViewer } from "../server/identity/identity.js";
import type { RunningServer, ServedRequest } from "../server/options.js";
import { startServer } from "../server/server.js";
import type { TlsMaterial } from "../server/tls.js";
import { readListCounts } from "../store/read/list-counts.js";
import type { Readers, ReadSnapshot } from "../store/types.js";
import type { Backend } from "./backend.js";
import { createListCounts } from "./list-counts.js";
import type { Log } from "./log.js";
import type { Metrics } from "./metrics.js";
import { checkReadiness } from "./readiness.js";
import { VERSION } from "./version.js";

/** What a gateway serves with. */
export interface ServeOptions {
  readonly config: Config;
  readonly log: Log;
  readonly identity: Identity;
  readonly tls: TlsMaterial | null;
  readonly metrics: Metrics;
  /** Answers of the last second; `null`: none are kept. */
  readonly answers: KeptAnswers<KeptAnswer> | null;
  /** Finds the backend at this moment; `null` while its database has not answered. */
  readonly findBackend: () => Backend | null;
}

/** Starts the HTTP server with the settings. It answers health at once, and queries as soon as there is a backend. */
export function serve(options: ServeOptions): Promise<RunningServer> {
  const { config, log, identity, tls, metrics, answers, findBackend } = options;
  const createContext = (viewer: KnownViewer, request: ServedRequest): GraphContext => {
    const { store, polling, live } = findBackend() ?? throwNotReady();
    const snapshot = openRequestSnapshot(store, viewer, request);
    const { readFailure } = request;
    const reads = readFailure === undefined ? snapshot.reads : failReads(snapshot.reads, readFailure.failure);
    const loaders = createLoaders(reads, {
      throwIfExpired: request.check,
      onForget: snapshot.renew,
      ...(request.whenIdle === undefined ? {} : { whenIdle: request.whenIdle }),
    });
    return {
      loaders,
      viewer,
      followGuests:
        live &&
        ((question) =>
          live.guests.follow({ ...question, scope: viewer.scope }, request.signal, request.onSlow)),
      followHosts: live && ((hostIds) => live.hosts.follow(hostIds, request.signal)),
      hostAdmin: polling === null ? null : limitToRequest(polling.admin, request.signal),
    };
  };
  const findCounts = createListCounts(() => {
    const dataSource = findBackend()?.database.dataSource;
    return dataSource === undefined ? null : readListCounts(dataSource);
  }, log);
  const schema = buildGraphSchema({ federation: config.federation, names: config.federationNames });
  const fastPath = createFastPath(schema, {
    names: config.federationNames,
    openReads: ({ scope }) => {
      const { store, trees } = findBackend() ?? { store: null, trees: null };
      const reads = store?.createTreeReadsFor?.(scope) ?? null;
      return (reads && trees?.wrap(reads, scope)) ?? reads;
    },
  });
  return startServer({
    host: config.host,
    port: config.port,
    schema,
    ...(fastPath !== null && { fastPath }),
    contextFor: createContext,
    routes: async (scope, admitted) => {
      const identify = async (authorization: string): Promise<void> => {
        await identity.identify({ authorization, certificate: null });
      };
      await scope.register(registerLogin, {
        identify,
        isRequired: identity.required,
        routeConfig: { rule: LOGIN_RULE },
      });
      await scope.register(registerExports, {
        findWork: (request) => {
          const { viewer, work } = admitted(request);
          return (job, isLong) =>
            work((piece: ServedRequest) => job(createContext(viewer, piece).loaders), isLong);
        },
        findScope: (request) => admitted(request).viewer.scope,
        checkAgain: (request) => admitted(request).checkAgain(),
        version: VERSION,
        routeConfig: { rule: LONG_LIST_RULE },
      });
      await scope.register(registerRest, {
        work: (request, job, isLong) => {
          const { viewer, request: served, work } = admitted(request);
          const run = (piece: ServedRequest) => job(createContext(viewer, piece).loaders);
          return request.routeOptions.config.rule?.lasting === true ? work(run, isLong) : run(served);
        },
        findBasePath: (request) => admitted(request).basePath,
        longRouteConfig: { rule: LONG_LIST_RULE },
        onError: (error, { id }) => {
          log.error({ requestId: id, err: error }, "request failed");
        },
      });
    },
    readiness: () => checkReadiness(findBackend()),
    log,
    identity,
    insecure: !identity.required,
    limits: config.limits,
    estimateField: estimateRenamed(createFieldEstimator(findCounts), config.federationNames),
    graphiql: config.graphiql,
    isDemo: config.demo,
    signIn: config.identity.signIn,
    cors: config.corsOrigins,
    corsHeaders: config.corsHeaders,
    basePath: config.basePath,
    trustedProxies: config.trustedProxies,
    allowedHosts: config.allowedHosts,
    maxAgeSeconds: Math.floor(config.cacheMaxAgeMs / 1_000),
    trustedDocumentsFile: config.trustedDocumentsFile,
    tls,
    inlineTrace: config.federationTrace,
    ...(answers === null ? {} : { answers }),
    metrics: () => metrics.print(),
    onOperation: (operation) => {
      metrics.onOperation(operation);
    },
    liveMeter: metrics.live,
  });
}

/** Limits a mutation's wait for a host to its request. The pass goes on, but nobody waits for it. */
function limitToRequest(admin: HostAdmin, signal: AbortSignal): HostAdmin {
  return { ...admin, refreshHost: (hostId) => admin.refreshHost(hostId, signal) };
}

/**
 * Opens the snapshot that a request reads, so that its answer shows one state. The request gives the connection back when
 * its work has ended, and, where the work hangs, at its deadline or when its client has gone.
 */
function openRequestSnapshot(store: Readers, { scope }: KnownViewer, request: ServedRequest): ReadSnapshot {
  const snapshot = store.openSnapshot(scope);
  const close = () => void snapshot.close();
  request.onEnd(close);
  request.signal.addEventListener("abort", close, { once: true });
  return snapshot;
}

function throwNotReady(): never {
  const message = "the database does not answer yet; ask again in a few seconds";
  throw new HttpError(503, "NOT_AVAILABLE", message, { "retry-after": "5" });
}
