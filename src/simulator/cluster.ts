import { formatHostAddress } from "../model/connections/host-address.js";
import { createAuthority, type Credentials } from "./wire/certificates.js";
import { advanceWorld } from "./world/life.js";
import { populate } from "./world/population.js";
import type { SimulatedHost } from "./wire/verbs.js";
import { startVdsmServer, type VdsmServer } from "./wire/vdsm-server.js";
import { formatStatusTime } from "./world/vm-record.js";
import { createWorld, type World } from "./world/world.js";

/** The options of a simulated cluster. */
export interface ClusterOptions {
  readonly hosts: number;
  readonly vms: number;
  /** 0: a free port for each host. Otherwise it is the first host's, and the others get the ports after it. */
  readonly port: number;
  readonly seed: number;
  readonly tls: boolean;
  /** The address to listen on; default 127.0.0.1. */
  readonly bind?: string;
  /** The interval of the world's clock; `null`: it moves only by `tick()`. */
  readonly tickMs: number | null;
  /** The number of hosts of release 4.3; they are the last ones. */
  readonly legacyHosts?: number;
}

/** A host of the cluster, and its address. */
export interface ClusterHost {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly server: VdsmServer;
}

/** A running cluster. */
export interface SimulatedCluster {
  readonly hosts: readonly ClusterHost[];
  readonly world: World;
  /** The credentials of a client of these hosts; `null`: they use no TLS. */
  readonly clientTls: Credentials | null;
  /** The hosts as `host:port`, joined by commas. */
  readonly vdsmHosts: string;
  /** Advances the world by one tick. */
  tick(): void;
  /** Stops clock and hosts. Resolves when all ports are free. */
  stop(): Promise<void>;
}

/** Starts hosts with realistic VMs, whose events follow from the seed. Resolves when all hosts listen. */
export async function startCluster(options: ClusterOptions): Promise<SimulatedCluster> {
  const firstLegacy = options.hosts - (options.legacyHosts ?? 0);
  const world = createWorld({
    seed: options.seed,
    hosts: Array.from({ length: options.hosts }, (_, at) => ({
      name: `host${at + 1}.example.test`,
      release: at < firstLegacy ? ("4.5" as const) : ("4.3" as const),
    })),
  });
  populate(world, options.vms);

  const authority = options.tls ? await createAuthority() : null;
  const listen = async ({ name }: SimulatedHost, at: number): Promise<ClusterHost> => {
    const host = options.bind ?? "127.0.0.1";
    const tls = authority === null ? null : await authority.issueHost(name);
    const port = options.port === 0 ? 0 : options.port + at;
    const server = await startVdsmServer({ host, port, tls, world: world.createAnswers(name) });
    return { name, host, port: server.port, server };
  };
  const hosts = await startAllOrNone(world.hosts.map(listen));

  const servers = new Map(hosts.map((each) => [each.name, each.server]));
  world.onStatus = (vm, presence) => {
    servers.get(presence.host)?.notifyLazily(`|virt|VM_status|${vm.id}`, () => ({
      [vm.id]: world.createRecord(vm, presence),
      notify_time: Number(formatStatusTime(world.now)),
    }));
  };

  const timer =
    options.tickMs === null
      ? null
      : setInterval(() => {
          advanceWorld(world);
        }, options.tickMs);
  return {
    hosts,
    world,
    clientTls: authority === null ? null : await authority.issueClient(),
    vdsmHosts: hosts.map(({ host, port }) => formatHostAddress({ host, port })).join(","),
    tick: () => {
      advanceWorld(world);
    },
    stop: async () => {
      if (timer !== null) clearInterval(timer);
      await Promise.all(hosts.map(({ server }) => server.stop()));
    },
  };
}

/** Starts all hosts. If one port is taken, it stops the hosts that did start, and throws. */
async function startAllOrNone(starting: readonly Promise<ClusterHost>[]): Promise<ClusterHost[]> {
  const outcomes = await Promise.allSettled(starting);
  const started = outcomes.filter((each) => each.status === "fulfilled").map((each) => each.value);
  const failed = outcomes.find((each) => each.status === "rejected");
  if (failed === undefined) return started;
  await Promise.all(started.map(({ server }) => server.stop()));
  throw failed.reason;
}
