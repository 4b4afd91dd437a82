import { startCluster } from "../../simulator/cluster.js";
import type { SimulatedVm, WireInterface } from "../../simulator/world/vm.js";
import type { World } from "../../simulator/world/world.js";
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
  placeFaults(cluster.world);
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
function placeKnownAddress(world: World): void {
  const vm = world.vms.find(({ kind, pinned }) => pinned && kind === "docker host");
  const uplink = vm?.netIfaces?.find(({ inet }) => inet[0]?.startsWith("10.") === true);
  if (vm === undefined || uplink === undefined) return;
  replaceInterface(world, vm, uplink, { ...uplink, inet: [KNOWN_ADDRESS, ...uplink.inet.slice(1)] });
}

/**
 * Makes the faults that people look for, on VMs that stay as they are: an address on two VMs of the storage network, one MAC on
 * two vNICs, and a VM that both hosts say they run.
 */
function placeFaults(world: World): void {
  const [server, application] = [world.findVm("web-01"), world.findVm("win-app-08")];
  const taken = server.netIfaces?.find(({ inet }) => inet[0]?.startsWith(STORAGE_PREFIX))?.inet[0];
  const storage = application.netIfaces?.find(({ inet }) => inet[0]?.startsWith(STORAGE_PREFIX));
  if (taken !== undefined && storage !== undefined) {
    replaceInterface(world, application, storage, { ...storage, inet: [taken] });
  }
  const [original, copy] = [world.findVm("appliance-06"), world.findVm("legacy-07")];
  const mac = original.nics[0]?.mac;
  if (mac !== undefined) {
    world.setNics(
      copy.id,
      copy.nics.map((nic, at) => (at === 0 ? { ...nic, mac } : nic)),
    );
  }
  for (const { name } of world.hosts) world.placeVm(world.findVm("router-10"), name, "Up");
}

/** What the addresses of the simulated storage network begin with. */
const STORAGE_PREFIX = "10.20.";

function replaceInterface(world: World, vm: SimulatedVm, before: WireInterface, after: WireInterface): void {
  world.setInterfaces(vm.id, vm.netIfaces?.map((each) => (each === before ? after : each)) ?? null);
}
