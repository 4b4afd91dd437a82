import { startCluster } from "../simulator/cluster.js";
import type { TlsCredentials } from "../vdsm/wire/tls.js";
import { writeDemoRecord } from "./demo-record.js";
import { createDemoTlsReader } from "./demo-tls.js";
import { deriveDemoHostId } from "./host-ids.js";
import type { ConfiguredHost } from "../store/types.js";

/** The simulated hosts of the demo. */
export interface DemoCluster {
  readonly hosts: readonly ConfiguredHost[];
  readonly readTls: (() => Promise<TlsCredentials>) | null;
  stop(): Promise<void>;
}

/** Two hosts with fifty VMs that change while you watch. */
const DEMO = { hosts: 2, vms: 50, seed: 1, tickMs: 5_000 } as const;

/**
 * Starts the demo's hosts on free ports. Host ids are derived from host names, so that a restart finds the same hosts.
 * Only the demo loads this file, since it loads the simulator and its certificate library.
 */
export async function startDemoCluster(dataDir: string): Promise<DemoCluster> {
  const cluster = await startCluster({ ...DEMO, port: 0, tls: true });
  const { clientTls } = cluster;
  const hosts = cluster.hosts.map(({ name, host, port }) => ({
    id: deriveDemoHostId(name),
    name,
    host,
    port,
  }));
  try {
    const removeRecord = await writeDemoRecord(dataDir, { hosts, clientTls });
    return {
      hosts,
      readTls: createDemoTlsReader(clientTls),
      stop: async () => {
        await removeRecord();
        await cluster.stop();
      },
    };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}
