import type { Config } from "./config.js";
import { openDatabase, type Database } from "./gateway/database.js";
import type { GraphContext } from "./graph/context.js";
import { listSizeOf } from "./graph/arguments/list-sizes.js";
import { buildGraphSchema } from "./graph/schema.js";
import { openHostPool } from "./gateway/host-pool.js";
import { loadIdentity } from "./gateway/identity.js";
import { createLoaders } from "./loaders/loaders.js";
import type { Log } from "./gateway/log.js";
import { startPolling, type Polling } from "./gateway/polling.js";
import { createMetrics } from "./gateway/metrics.js";
import { checkReadiness } from "./gateway/readiness.js";
import { formatError } from "./gateway/format-error.js";
import type { ChangeFeed } from "./refresher/changes.js";
import { openReplicas } from "./gateway/replicas.js";
import { restPlugin } from "./rest/rest-plugin.js";
import type { KnownViewer } from "./server/identity/identity.js";
import type { RunningServer, ServedRequest } from "./server/options.js";
import { HttpError } from "./server/errors.js";
import { startServer } from "./server/server.js";
import { readTlsMaterial } from "./server/tls.js";
import { connectionsOf } from "./store/postgres/data-source.js";
import { readFleetFigures } from "./store/read/fleet-figures.js";
import { createStore } from "./store/store.js";
import { createEngineStore } from "./engine-store/engine-store.js";
import type { ReadStore, VmScope } from "./store/types.js";

/** What a gateway is started with. */
export interface GatewayOptions {
  readonly config: Config;
  readonly log: Log;
  /** Tells people, not machines, what runs and where. */
  readonly announce: (line: string) => void;
}

/** A gateway that serves, or still waits for its database. */
export interface Gateway {
  readonly url: string;
  /** Resolves, with the reason, if the gateway can never become ready. */
  readonly failed: Promise<Error>;
  /** Reads again what may change while running: tokens, the certificate, hosts. What is wrong is logged and stays as it was. */
  reload(): Promise<void>;
  /** Not ready any more, answers what it has, stops polling, closes the database; resolves when nothing is left. */
  stop(): Promise<void>;
}

/** What running requests get at a stop: the rest of ten seconds is for passes, connections and the database. */
const DRAIN_TIMEOUT_MS = 7_000;

/** What the gateway has once its database is there. */
interface Running {
  readonly store: ReadStore & { readerFor(scope: VmScope | null): ReadStore };
  readonly polling: Polling | null;
}

/** Serves at once, so that health can be asked; becomes ready when the database is there and every host was tried. */
export async function startGateway({ config, log, announce }: GatewayOptions): Promise<Gateway> {
  const stopping = new AbortController();
  const identity = await loadIdentity(config.identity, log);
  const serverTls = config.serverTls === null ? null : await readTlsMaterial(config.serverTls);
  const pool = await openHostPool(config);
  let running: Running | null = null;
  const metrics = createMetrics({
    // An engine's database has no table of ours to tell it.
    fleet: () =>
      database === null || config.source === "engine" ? null : readFleetFigures(database.dataSource),
    pool: () => (database === null ? null : connectionsOf(database.dataSource)),
    polling: () => running?.polling?.load() ?? null,
  });
  let database: Database | null = null;
  let changes: ChangeFeed | null = null;
  const contextFor = (viewer: KnownViewer, { check }: ServedRequest): GraphContext => {
    const { store, polling } = running ?? notReady();
    const loaders = createLoaders(store.readerFor(viewer.scope), { check });
    return { loaders, viewer, hostAdmin: polling?.admin ?? null };
  };
  let server: RunningServer;
  try {
    server = await startServer({
      host: config.host,
      port: config.port,
      schema: buildGraphSchema({ federation: config.federation }),
      contextFor,
      routes: async (scope, admitted) => {
        await scope.register(restPlugin, {
          loadersFor: (request) => {
            const { viewer, request: served } = admitted(request);
            return contextFor(viewer, served).loaders;
          },
          onError: (error, { id }) => {
            log.error({ requestId: id, err: error }, "request failed");
          },
        });
      },
      readiness: () => checkReadiness(running?.store ?? null),
      log,
      identity: identity.identity,
      insecure: !identity.identity.required,
      limits: config.limits,
      listSizeOf,
      graphiql: config.graphiql,
      cors: config.corsOrigins,
      allowedHosts: config.allowedHosts,
      maxAgeSeconds: Math.floor(config.cacheMaxAgeMs / 1_000),
      trustedDocumentsFile: config.trustedDocumentsFile,
      tls: serverTls,
      inlineTrace: config.federationTrace,
      metrics: () => metrics.print(),
      onOperation: (operation) => {
        metrics.onOperation(operation);
      },
    });
  } catch (error) {
    await pool.stop();
    throw error;
  }
  announceStart(config, server.url, announce);
  log.info({ url: server.url }, "listening");

  const boot = async (): Promise<void> => {
    database = await openDatabase(config, log, stopping.signal);
    if (config.source === "engine") {
      running = { store: createEngineStore(database.dataSource), polling: null };
      return;
    }
    const store = createStore(database.dataSource);
    const replicas = openReplicas(config, log);
    ({ changes } = replicas);
    const polling = await startPolling({ config, log, pool, store, replicas, metrics });
    running = { store, polling };
  };
  const booting = boot();

  return {
    url: server.url,
    failed: new Promise((resolve) => {
      booting.catch((error: unknown) => {
        if (!stopping.signal.aborted) resolve(error instanceof Error ? error : new Error(String(error)));
      });
    }),
    reload: async () => {
      await identity.reload();
      await reloadCertificate(config, server, log);
      await running?.polling?.sync();
    },
    stop: async () => {
      log.info("stopping");
      stopping.abort();
      await Promise.all([server.drain({ timeoutMs: DRAIN_TIMEOUT_MS }), booting.catch(() => undefined)]);
      await running?.polling?.stop();
      await changes?.close();
      await pool.stop();
      await database?.close();
      log.info("stopped");
    },
  };
}

/** A renewed certificate counts for new connections; one that cannot be used is told, and ends nothing. */
async function reloadCertificate({ serverTls }: Config, server: RunningServer, log: Log): Promise<void> {
  if (serverTls === null) return;
  try {
    server.useTls(await readTlsMaterial(serverTls));
    log.info({ file: serverTls.certFile }, "certificate reloaded");
  } catch (error) {
    log.error({ reason: formatError(error) }, "certificate not reloaded, the old one stays");
  }
}

function notReady(): never {
  const message = "the database does not answer yet; ask again in a few seconds";
  throw new HttpError(503, "NOT_AVAILABLE", message, { "retry-after": "5" });
}

/** The first lines that a newcomer reads. */
function announceStart(config: Config, url: string, announce: (line: string) => void): void {
  if (config.demo) {
    announce(
      "This is a demonstration: DATABASE_URL and VDSM_HOSTS are not set, so an embedded PostgreSQL runs,",
    );
    announce("and a simulated cluster of two VDSM hosts on real TLS sockets, with guests that change.");
  }
  const page = config.graphiql ? `GraphiQL: ${url}/graphiql  ` : "";
  announce(`${page}GraphQL: ${url}/graphql`);
}
