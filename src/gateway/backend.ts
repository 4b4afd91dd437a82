import { hostname } from "node:os";
import type { Config } from "../config.js";
import type { EmbeddedPostgres } from "../embedded-postgres/embedded-postgres.js";
import { createEngineStore } from "../engine-store/engine-store.js";
import { readPollingState } from "../store/read/polling-state.js";
import { createChangeLog } from "../store/changes/change-log.js";
import { createLooks } from "../store/memory/look.js";
import { createTreeMemory, type TreeMemory } from "../store/memory/tree-memory.js";
import { createStore } from "../store/store.js";
import type { Readers, ReadinessStore } from "../store/types.js";
import { openDatabase, type Database } from "./database/database.js";
import type { HostPool } from "./hosts/host-pool.js";
import { openLive, type Live } from "./live.js";
import type { Log } from "./log.js";
import type { Metrics } from "./serving/metrics.js";
import { startAddressIndex } from "./database/span-indexing.js";
import { startLogMaintenance } from "./database/log-maintenance.js";
import { startPolling, type Polling } from "./hosts/polling.js";
import { openReplicas } from "./hosts/replicas.js";
import { createTroubleLog } from "./trouble-log.js";
import { createVisibleChanges } from "./visible-passes.js";

/** The part of a gateway behind its server. It exists once the database has answered. */
export interface Backend {
  readonly database: Database;
  readonly store: ReadinessStore & Readers;
  /** The reads for readiness, on a connection of their own. */
  readonly health: ReadinessStore;
  /** `null`: this gateway polls no hosts. */
  readonly polling: Polling | null;
  /** Informs subscribers of changes; `null`: changes are not known here. */
  readonly live: Live | null;
  /** The memory of VMs that were read; `null`: none are kept. */
  readonly trees: TreeMemory | null;
  /** Stops polling, then closes the database. */
  close(): Promise<void>;
}

/** The options of a backend. */
export interface BackendOptions {
  readonly config: Config;
  readonly log: Log;
  readonly pool: HostPool;
  /** The embedded server, which starts already; `null`: a database is named. */
  readonly embedded: Promise<EmbeddedPostgres> | null;
  readonly metrics: Pick<Metrics, "onPass">;
  /** Called as soon as this process knows that answers have changed, or that it cannot know. */
  readonly onChange: () => void;
  /** Ends the wait for a database that cannot be reached. */
  readonly signal: AbortSignal;
  /** Called when a wait for the database begins. */
  readonly onWait: () => void;
  /** Called when the database is up to date, with the function that logs so. */
  readonly onPrepared: (tell: () => void) => void;
}

/** Opens the database, brings it up to date and starts to poll. If a step fails, it closes what it had opened. */
export async function openBackend(options: BackendOptions): Promise<Backend> {
  const { config, log, embedded, signal, onWait, onPrepared, onChange } = options;
  const told = { onWait, onPrepared, onUnavailable: onChange };
  const database = await openDatabase(config, log, signal, { embedded, ...told });
  const opened: Stoppable[] = [];
  const cutting = cutAfterStop(database, signal);
  const close = async () => {
    for (const part of opened.splice(0).reverse()) await part.stop();
    await database.close();
    cutting.cancel();
  };
  const open = <T extends Stoppable | null>(part: T): T => {
    if (part !== null) opened.push(part);
    return part;
  };
  try {
    const backend =
      config.source === "engine" ? readEngine(database) : await pollInto(database, options, open);
    return { ...backend, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Cuts the database's connections when it has kept a stop waiting for so long. What waits for a commit, as while a synchronous
 * standby is away, then fails, and with it the start or the pass that would wait on.
 */
function cutAfterStop(database: Database, signal: AbortSignal): { cancel: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const begin = () => {
    timer = setTimeout(() => void database.cut().catch(() => undefined), CUT_AFTER_MS);
  };
  if (signal.aborted) begin();
  signal.addEventListener("abort", begin);
  return {
    cancel: () => {
      signal.removeEventListener("abort", begin);
      clearTimeout(timer);
    },
  };
}

/** Longer than running requests and most statements may take, and less than the ten seconds of a stop. */
const CUT_AFTER_MS = 8_000;

/** Something that runs until it is stopped. */
interface Stoppable {
  stop(): Promise<void>;
}

/** Opens an engine's own database, which is only read. */
function readEngine(database: Database): Omit<Backend, "close"> {
  return {
    database,
    store: createEngineStore(database.readers),
    health: createEngineStore(database.health),
    polling: null,
    live: null,
    trees: null,
  };
}

async function pollInto(
  database: Database,
  { config, log, pool, metrics, onChange }: BackendOptions,
  open: <T extends Stoppable | null>(part: T) => T,
): Promise<Omit<Backend, "close">> {
  const store = createStore(database.dataSource, findGatewayName(config), database.readers);
  const replicas = await openReplicas(config, log);
  const changes = createChangeLog(database.dataSource);
  open(await startLogMaintenance(changes, config.historyRetentionMs, log));
  const live = open(openLive(database, config, log, onChange));
  const wakes = open(
    replicas.openWakes(() => {
      live.wake();
    }),
  );
  const isVisible = createVisibleChanges();
  const polling = await startPolling({
    ...{ config, log, pool, store, replicas },
    metrics: {
      onPass: (result) => {
        metrics.onPass(result);
        if (isVisible(result)) onChange();
        if (result.changedVms === 0) return;
        live.wake();
        wakes?.send();
      },
    },
  });
  open(polling);
  open(await startAddressIndex(changes, log));
  const trees = open(createTrees(database, config, log));
  return {
    database,
    store,
    health: { readPollingState: () => readPollingState(database.health) },
    polling,
    live,
    trees,
  };
}

/** Creates the memory of VMs that were read. Complete answers get what is left of `CACHE_MB`. */
function createTrees({ readers }: Database, { cacheBytes }: Config, log: Log): TreeMemory | null {
  if (cacheBytes === 0) return null;
  return createTreeMemory({
    maxBytes: cacheBytes * TREES_SHARE,
    look: createLooks(readers),
    onLook: createTroubleLog(
      log,
      "changes cannot be read for kept VMs, so each answer is read from the database; it is tried again",
      "changes are read for kept VMs again",
    ),
  });
}

/** The share of `CACHE_MB` that VMs take at most. */
const TREES_SHARE = 3 / 4;

/** Finds a name for this gateway that stays the same after a restart. A gateway on any free port has none. */
function findGatewayName({ port }: Config): string | undefined {
  return port === 0 ? undefined : `${hostname()}:${port}`;
}
