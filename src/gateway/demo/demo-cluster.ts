import { startCluster, type SimulatedCluster } from "../../simulator/cluster.js";
import type { TlsCredentials } from "../../vdsm/wire/tls.js";
import { writeDemoRecord } from "./demo-record.js";
import { createDemoTlsReader } from "./demo-tls.js";
import { deriveDemoHostId } from "../hosts/host-ids.js";
import type { ConfiguredHost } from "../../store/types.js";

/** The simulated hosts of the demo. */
export interface DemoCluster {
  readonly hosts: readonly ConfiguredHost[];
  readonly readTls: (() => Promise<TlsCredentials>) | null;
  stop(): Promise<void>;
}

/** The size of the demo: two hosts with fifty VMs, and changes that a viewer can watch. */
const DEMO = { hosts: 2, vms: 50, seed: 1, tickMs: 5_000 } as const;

/** The address that the README, GraphiQL's first tab and the examples ask for. */
const KNOWN_ADDRESS = "10.1.2.3";

/**
 * Starts the demo's hosts on free ports. Host ids are derived from host names, so that they stay the same after a
 * restart. Only the demo loads this file, because it loads the simulator and its certificate library.
 */
export async function startDemoCluster(dataDir: string): Promise<DemoCluster> {
  const cluster = await startCluster({ ...DEMO, port: 0, tls: true });
  placeKnownAddress(cluster.world);
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

/** Gives the known address to the container host, whose own addresses never change; only its containers come and go. */
function placeKnownAddress(world: SimulatedCluster["world"]): void {
  const vm = world.vms.find(({ kind, pinned }) => pinned && kind === "docker host");
  const uplink = vm?.netIfaces?.find(({ inet }) => inet[0]?.startsWith("10.") === true);
  if (vm?.netIfaces == null || uplink === undefined) return;
  const moved = { ...uplink, inet: [KNOWN_ADDRESS, ...uplink.inet.slice(1)] };
  world.setInterfaces(
    vm.id,
    vm.netIfaces.map((each) => (each === uplink ? moved : each)),
  );
}
