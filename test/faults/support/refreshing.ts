import { expect } from "vitest";
import type { VdsmClientOptions } from "../../../src/vdsm/vdsm-client.js";
import type { PassResult } from "../../../src/refresher/pass.js";
import type { RefresherOptions } from "../../../src/refresher/refresher.js";
import { startRefresher, type Refresher } from "../../../src/refresher/refresher.js";
import { createDatabase, type TestDatabase } from "../../support/databases/database.js";
import {
  startGenerations,
  type GenerationHost,
  type GenerationOptions,
  type Generations,
} from "./generations.js";
import { Invariants } from "./invariants.js";

/**
 * Hosts, a database of their own, and the refresher between them. Passes are made one by one unless an interval is
 * given.
 */
export interface Refreshing {
  readonly fleet: Generations;
  readonly database: TestDatabase;
  readonly refresher: Refresher;
  /** How every pass ended, in order. */
  readonly passes: PassResult[];
  /** One pass over a host. */
  pass(host: GenerationHost): Promise<PassResult>;
  /** Fails with the words of what does not hold. */
  expectWhole(): Promise<void>;
  storedGeneration(host: GenerationHost): Promise<number>;
  /** The reasons why a host's VMs are stale, each once; `null` for those that are fresh. */
  staleReasons(host: GenerationHost): Promise<(string | null)[]>;
  /** Writes nothing, asks nothing: all ended. */
  stop(): Promise<void>;
}

/** What may be other than usual. */
export interface RefreshingOptions extends GenerationOptions {
  readonly client?: Partial<VdsmClientOptions>;
  readonly refresher?: Partial<RefresherOptions>;
}

/** Starts hosts, database and refresher; every host has been read once, at its first generation. */
export async function startRefreshing(options: RefreshingOptions): Promise<Refreshing> {
  const fleet = await startGenerations(options);
  const database = await createDatabase();
  const passes: PassResult[] = [];
  const refresher = startRefresher({
    store: database.store,
    createClient: (host) => fleet.createClient(host, { callTimeoutMs: 5_000, ...options.client }),
    hosts: fleet.hosts.map(({ configured }) => configured),
    intervalMs: null,
    ignoreNames: [],
    log: SILENT,
    onPass: (result) => passes.push(result),
    ...options.refresher,
  });
  const invariants = new Invariants(database.dataSource, fleet);
  const first = await refresher.refreshAll();
  expect(first.map(({ outcome }) => outcome)).toEqual(fleet.hosts.map(() => "done"));
  return {
    fleet,
    database,
    refresher,
    passes,
    pass: ({ configured }) => refresher.refreshHost(configured.id),
    expectWhole: async () => {
      expect(await invariants.violations()).toEqual([]);
    },
    storedGeneration: (host) => invariants.stored(host),
    staleReasons: async ({ vmIds }) => {
      const rows = await database.store.readVmsByIds(vmIds);
      return [...new Set(rows.map(({ staleReason }) => staleReason))];
    },
    stop: async () => {
      await refresher.stop();
      await fleet.stop();
      await database.drop();
    },
  };
}

/** A log that nobody reads. */
const SILENT = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
