import { ENGINE_RANKING } from "../../engine-store/primary/ranking.js";
import type { Config } from "../../config.js";
import type { KeptAnswers } from "../../fast/kept-answers.js";
import { createFastPath } from "../../fast/fast-path.js";
import { createFieldEstimator, type EstimateField } from "../../graph/estimates/estimate-field.js";
import { estimateRenamed } from "../../graph/estimates/estimate-renamed.js";
import { registerExports } from "../../exports/export-plugin.js";
import {
  createFilterTextReader,
  type ReadFilterText,
} from "../../graph/arguments/filters/read-filter-text.js";
import { buildGraphSchema, buildTypeGraph } from "../../graph/schema.js";
import { registerLogin } from "../../rest/login-plugin.js";
import { registerRest } from "../../rest/rest-plugin.js";
import { LOGIN_RULE, LONG_LIST_RULE } from "../../server/admission/rules.js";
import type { KeptAnswer } from "../../server/graphql/kept-answer.js";
import type { Identity } from "../../server/identity/identity.js";
import type { RunningServer, ServedRequest, ServerOptions } from "../../server/options.js";
import { startServer } from "../../server/server.js";
import type { TlsMaterial } from "../../server/tls.js";
import { readListCounts } from "../../store/read/list-counts.js";
import type { VmScope } from "../../store/types.js";
import type { TreeReads } from "../../store/vm-tree.js";
import type { Backend } from "../backend.js";
import { createListCounts } from "./list-counts.js";
import type { Log } from "../log.js";
import { boundByOpenFiles } from "./open-files.js";
import type { Metrics } from "./metrics.js";
import { checkReadiness } from "./readiness.js";
import { createRequestContext, type CreateContext } from "./request-context.js";
import { VERSION } from "../version.js";

/** The options of a gateway's server. */
export interface ServeOptions {
  readonly config: Config;
  readonly log: Log;
  readonly identity: Identity;
  readonly tls: TlsMaterial | null;
  readonly metrics: Metrics;
  /** The memory of recent answers; `null`: none are kept. */
  readonly answers: KeptAnswers<KeptAnswer> | null;
  /** Returns the present backend; `null` until its database has answered. */
  readonly findBackend: () => Backend | null;
}

/**
 * Starts the HTTP server with the settings. It answers health checks at once, and queries as soon as there is a
 * backend.
 */
export function serve(options: ServeOptions): Promise<RunningServer> {
  const { config, log, identity, tls, metrics, answers, findBackend } = options;
  const schema = buildGraphSchema({ federation: config.federation, names: config.federationNames });
  const fastPath = createFastPath(schema, {
    names: config.federationNames,
    openReads: ({ scope }) => openTreeReads(findBackend(), scope),
    openState: ({ scope }) => findBackend()?.store.openSnapshot(scope) ?? null,
  });
  const createContext: CreateContext = (viewer, request) =>
    createRequestContext(findBackend(), viewer, request);
  return startServer({
    host: config.host,
    port: config.port,
    schema,
    ...(fastPath !== null && { fastPath }),
    contextFor: createContext,
    // A contributing subgraph has no filter of VMs, but exports need one: it comes from the whole graph.
    routes: createRoutes(
      options,
      createContext,
      createFilterTextReader(() => (config.federation === "contribute" ? buildTypeGraph() : schema)),
    ),
    readiness: () => checkReadiness(findBackend()),
    log,
    identity,
    insecure: !identity.required,
    limits: boundByOpenFiles(config.limits, log),
    estimateField: createEstimate(options),
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

/** Opens the reads of the fast path. They take VMs from memory while these are valid, else from the store. */
function openTreeReads(backend: Backend | null, scope: VmScope | null): TreeReads | null {
  const reads = backend?.store.createTreeReadsFor(scope) ?? null;
  return (reads && backend?.trees?.wrap(reads, scope)) ?? reads;
}

/** Creates the estimate of a field's answer, by the lengths of the stored lists. */
function createEstimate({ config, log, findBackend }: ServeOptions): EstimateField {
  const findCounts = createListCounts(() => {
    const dataSource = findBackend()?.database.dataSource;
    return dataSource === undefined ? null : readListCounts(dataSource);
  }, log);
  return estimateRenamed(
    createFieldEstimator(findCounts, config.source === "engine" ? ENGINE_RANKING : null),
    config.federationNames,
  );
}

/**
 * Creates the function that registers the routes beside the graph: oVirt's sign-in, exports, REST. Each reads through
 * the loaders of its request.
 */
function createRoutes(
  { identity, log }: ServeOptions,
  createContext: CreateContext,
  readFilter: ReadFilterText,
): NonNullable<ServerOptions["routes"]> {
  return async (scope, admitted) => {
    await scope.register(registerLogin, {
      identify: async (authorization) => {
        await identity.identify({ authorization, certificate: null });
      },
      isRequired: identity.required,
      routeConfig: { rule: LOGIN_RULE },
    });
    await scope.register(registerExports, {
      findWork: (request) => {
        const { viewer, work } = admitted(request);
        return (job, isLong) =>
          work((piece: ServedRequest) => job(createContext(viewer, piece).loaders), isLong);
      },
      openList: (request) => {
        admitted(request).openList();
      },
      findScope: (request) => admitted(request).viewer.scope,
      checkAgain: (request) => admitted(request).checkAgain(),
      readFilter,
      version: VERSION,
      routeConfig: { rule: LONG_LIST_RULE },
    });
    await scope.register(registerRest, {
      work: (request, job, isLong) => {
        const { viewer, request: served, work } = admitted(request);
        const run = (piece: ServedRequest) => job(createContext(viewer, piece).loaders);
        return request.routeOptions.config.rule?.lasting === true ? work(run, isLong) : run(served);
      },
      openList: (request) => {
        admitted(request).openList();
      },
      findBasePath: (request) => admitted(request).basePath,
      longRouteConfig: { rule: LONG_LIST_RULE },
      onError: (error, { id }) => {
        log.error({ requestId: id, err: error }, "request failed");
      },
    });
  };
}
