import type { Config } from "./config.js";
import type { EmbeddedPostgres } from "./embedded-postgres/embedded-postgres.js";
import { createKeptAnswers, type KeptAnswers } from "./fast/kept-answers.js";
import { createAnnouncement } from "./gateway/announce.js";
import { openBackend, type Backend, type BackendOptions } from "./gateway/backend.js";
import { beginEmbedded, endEmbedded } from "./gateway/database/embedded.js";
import { formatError } from "./gateway/format-error.js";
import { openHostPool, type HostPool } from "./gateway/hosts/host-pool.js";
import { loadIdentity, type LoadedIdentity } from "./gateway/identity.js";
import type { Log } from "./gateway/log.js";
import { createMetrics, type Metrics, type MetricSources } from "./gateway/serving/metrics.js";
import { checkReadiness } from "./gateway/serving/readiness.js";
import { createSerialTask } from "./gateway/serial-task.js";
import { serve } from "./gateway/serving/serve.js";
import type { KeptAnswer } from "./server/graphql/kept-answer.js";
import type { RunningServer } from "./server/options.js";
import { readTlsMaterial, type TlsMaterial } from "./server/tls.js";
import { readFleetFigures } from "./store/read/fleet-figures.js";

/** The options of a gateway. */
export interface GatewayOptions {
  readonly config: Config;
  readonly log: Log;
  /** Prints lines for people: what runs, and where. */
  readonly announce: (line: string) => void;
  /** The embedded server, if it was begun before. */
  readonly embedded?: Promise<EmbeddedPostgres> | null;
  /** Aborted when the process shall end: the start then waits for nothing more. The caller stops the gateway. */
  readonly signal?: AbortSignal;
}

/** A gateway whose server runs. It may still wait for its database. */
export interface Gateway {
  readonly url: string;
  /** Resolves, with the reason, if the gateway can never become ready. */
  readonly failed: Promise<Error>;
  /**
   * Reads again what may change while the gateway runs: tokens, the certificate, hosts. What is wrong is logged, and
   * the old value stays. Reloads run one after the other, so that an older reading never replaces a newer one.
   */
  reload(): Promise<void>;
  /**
   * Stops the gateway. It reports not ready, answers running requests, stops polling and closes the database. Resolves
   * when nothing is left.
   */
  stop(): Promise<void>;
}

/** Time for running requests at a stop. The rest of ten seconds is for passes, connections and the database. */
const DRAIN_TIMEOUT_MS = 7_000;

/** What was read from outside the process, as the settings say, and checked before anything is served. */
interface Inputs {
  readonly identity: LoadedIdentity;
  readonly tls: TlsMaterial | null;
  readonly pool: HostPool;
}

/** Holds the backend of a gateway, which is opened after its server. */
interface BackendSlot {
  current: Backend | null;
}

/**
 * Starts a gateway in these steps, beside an embedded PostgreSQL. What will never work fails here, before it is announced.
 * 1. Reads the files that the settings name.
 * 2. Listens on the port. From here on it answers health checks.
 * 3. Opens the database and starts to poll. If the database cannot be reached, it waits for it in the background.
 * 4. Announces where the gateway answers, when it does, or when it waits for its database.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const embedded = options.embedded ?? beginEmbedded(options.config, options.log);
  try {
    return await startBeside(embedded, options);
  } catch (error) {
    // It may be stopped twice.
    await endEmbedded(embedded);
    throw error;
  }
}

async function startBeside(embedded: BackendOptions["embedded"], options: GatewayOptions): Promise<Gateway> {
  const { config, log } = options;
  const inputs = await loadInputs(config, log);
  const slot: BackendSlot = { current: null };
  const answers = createAnswers(config, slot);
  const metrics = createMetrics({
    ...readMetricsFrom(slot, config),
    answers: () => answers?.figures ?? null,
    trees: () => slot.current?.trees?.figures ?? null,
  });
  const server = await startServing(options, inputs, slot, { metrics, answers });
  const stopping = new AbortController();
  const start = createAnnouncement(options, server.url);
  const opened = openInto(slot, {
    config,
    log,
    pool: inputs.pool,
    embedded,
    metrics,
    signal: stopping.signal,
    onChange: () => answers?.drop(),
    onWait: start.announce,
    onPrepared: start.runAfter,
  });
  opened.then(start.announce, () => undefined).finally(start.end);
  Promise.resolve(embedded).then(start.expectSoon, () => undefined);
  const stop = async () => {
    stopping.abort();
    start.end();
    await Promise.all([server.drain({ timeoutMs: DRAIN_TIMEOUT_MS }), opened.catch(() => undefined)]);
    await slot.current?.close();
    await inputs.pool.stop();
  };
  try {
    await Promise.race([opened, start.announced, waitForAbort(options.signal)]);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: server.url,
    failed: findFailure(opened, stopping.signal),
    reload: createReload(inputs, server, slot, options),
    stop: async () => {
      log.info("stopping");
      await stop();
      log.info("stopped");
    },
  };
}

async function loadInputs(config: Config, log: Log): Promise<Inputs> {
  const identity = await loadIdentity(config.identity, log);
  const tls = config.serverTls === null ? null : await readTlsMaterial(config.serverTls);
  return { identity, tls, pool: await openHostPool(config) };
}

async function startServing(
  { config, log }: GatewayOptions,
  { identity, tls, pool }: Inputs,
  slot: BackendSlot,
  { metrics, answers }: { readonly metrics: Metrics; readonly answers: KeptAnswers<KeptAnswer> | null },
): Promise<RunningServer> {
  try {
    return await serve({
      config,
      log,
      identity: identity.identity,
      tls,
      metrics,
      answers,
      findBackend: () => slot.current,
    });
  } catch (error) {
    await pool.stop();
    throw error;
  }
}

/**
 * Creates the memory for answers; `null`: none are kept. An engine's database does not announce its changes, so its
 * answers are never kept. They get what kept VMs leave of `CACHE_MB`. When answers are dropped, these VMs become doubtful, too.
 */
function createAnswers({ cacheBytes, source }: Config, slot: BackendSlot): KeptAnswers<KeptAnswer> | null {
  if (cacheBytes === 0 || source === "engine") return null;
  return createKeptAnswers({
    maxBytes: cacheBytes,
    findTakenBytes: () => slot.current?.trees?.bytes ?? 0,
    findAsOfMs: () => slot.current?.trees?.earliestMs ?? null,
    onDrop: () => slot.current?.trees?.doubt(),
  });
}

/**
 * Returns the sources of figures that each scrape asks for. An engine's database lacks our tables, so it has no fleet
 * figures.
 */
function readMetricsFrom(slot: BackendSlot, { source }: Config): Omit<MetricSources, "answers" | "trees"> {
  const findDataSource = () => slot.current?.database.dataSource ?? null;
  return {
    fleet: () => {
      const dataSource = findDataSource();
      return dataSource === null || source === "engine" ? null : readFleetFigures(dataSource);
    },
    ready: async () => (await checkReadiness(slot.current)).ready,
    pool: () => slot.current?.database.countConnections() ?? null,
    polling: () => slot.current?.polling?.load() ?? null,
    liveLagMs: () => slot.current?.live?.getLagMs() ?? null,
  };
}

async function openInto(slot: BackendSlot, options: BackendOptions): Promise<void> {
  slot.current = await openBackend(options);
}

function findFailure(opened: Promise<void>, stopping: AbortSignal): Promise<Error> {
  return new Promise((resolve) => {
    opened.catch((error: unknown) => {
      if (!stopping.aborted) resolve(error instanceof Error ? error : new Error(String(error)));
    });
  });
}

function createReload(
  { identity }: Inputs,
  server: RunningServer,
  slot: BackendSlot,
  { config, log }: GatewayOptions,
): () => Promise<void> {
  return createSerialTask(async () => {
    await identity.reload();
    await reloadCertificate(config, server, log);
    await slot.current?.polling?.sync();
  });
}

/** Uses a renewed certificate for new connections. If it cannot be used, that is logged and the old one stays. */
async function reloadCertificate({ serverTls }: Config, server: RunningServer, log: Log): Promise<void> {
  if (serverTls === null) return;
  try {
    server.useTls(await readTlsMaterial(serverTls));
    log.info({ file: serverTls.certFile }, "certificate reloaded");
  } catch (error) {
    log.error({ reason: formatError(error) }, "certificate not reloaded, the old one stays");
  }
}

function waitForAbort(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) resolve();
    signal?.addEventListener("abort", () => {
      resolve();
    });
  });
}
