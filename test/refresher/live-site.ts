import { createVdsmClient } from "../../src/vdsm/vdsm-client.js";
import type { Refresher, RefresherOptions } from "../../src/refresher/refresher.js";
import { startRefresher } from "../../src/refresher/refresher.js";
import { startCluster, type ClusterOptions, type SimulatedCluster } from "../../src/simulator/cluster.js";
import type { ConfiguredHost } from "../../src/store/types.js";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";
import { HOST_A, HOST_B, HOST_C } from "../support/builders/ids.js";
import { IGNORED_NAMES } from "../support/builders/passes.js";

/** A line that the refresher logged. */
export interface LogLine {
  readonly level: string;
  readonly fields: Record<string, unknown>;
  readonly message: string;
}

/** Simulated hosts on real sockets, a real database, and a refresher between them. */
export interface LiveSite {
  readonly cluster: SimulatedCluster;
  readonly database: TestDatabase;
  readonly refresher: Refresher;
  /** By name, as the simulator knows them. */
  readonly hostIds: ReadonlyMap<string, string>;
  readonly lines: LogLine[];
  /** A second refresher on the same hosts and database, as another replica is. */
  another(): Refresher;
  end(): Promise<void>;
}

/** Polls only when told to, unless `refresher` says otherwise. */
export async function startLiveSite(
  cluster: Partial<ClusterOptions> = {},
  refresher: Partial<RefresherOptions> = {},
): Promise<LiveSite> {
  // One connection: what it has counted so far is then all there is to count.
  const database = await createDatabase({ poolSize: 1 });
  const simulated = await startCluster({
    hosts: 2,
    vms: 0,
    port: 0,
    seed: 1,
    tls: false,
    tickMs: null,
    ...cluster,
  });
  const hosts = simulated.hosts.map(({ host, port }, at): ConfiguredHost => {
    const id = [HOST_A, HOST_B, HOST_C][at];
    if (id === undefined) throw new Error("no more than three hosts here");
    return { id, name: `${host}:${port}`, host, port };
  });
  const lines: LogLine[] = [];
  const write = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, fields: { ...fields }, message });
  const start = () =>
    startRefresher({
      store: database.store,
      createClient: ({ host, port }) => createVdsmClient({ host, port, tls: null, callTimeoutMs: 5_000 }),
      hosts,
      intervalMs: null,
      ignoreNames: IGNORED_NAMES,
      log: { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") },
      ...refresher,
    });
  const refreshers = [start()];
  return {
    cluster: simulated,
    database,
    refresher: refreshers[0]!,
    hostIds: new Map(simulated.hosts.map(({ name }, at) => [name, hosts[at]!.id])),
    lines,
    another: () => {
      const more = start();
      refreshers.push(more);
      return more;
    },
    end: async () => {
      await Promise.all(refreshers.map((each) => each.stop()));
      await simulated.stop();
      await database.drop();
    },
  };
}
