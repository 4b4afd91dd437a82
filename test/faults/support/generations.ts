import { createHash } from "node:crypto";
import type { VdsmClientOptions } from "../../../src/vdsm/vdsm-client.js";
import { createVdsmClient } from "../../../src/vdsm/vdsm-client.js";
import { createConfiguredHost } from "../../../src/gateway/hosts/host-ids.js";
import type { Credentials } from "../../../src/simulator/wire/certificates.js";
import type { VdsmServer } from "../../../src/simulator/wire/vdsm-server.js";
import { startVdsmServer } from "../../../src/simulator/wire/vdsm-server.js";
import type { VerbAnswers } from "../../../src/simulator/wire/verbs.js";
import type { WireInterface } from "../../../src/simulator/world/vm.js";
import { createWorld, type World } from "../../../src/simulator/world/world.js";
import type { ConfiguredHost } from "../../../src/store/types.js";

/** What hosts there are, and how much each has to say. */
export interface GenerationOptions {
  readonly hosts: number;
  readonly vmsPerHost: number;
  readonly interfacesPerVm?: number;
  /** Every answer about all VMs is another generation than the one before. */
  readonly changesAtEveryPoll?: boolean;
  readonly tls?: Credentials | null;
}

/** One host whose VMs all change at once, and what it has said so far. */
export interface GenerationHost {
  readonly configured: ConfiguredHost;
  readonly server: VdsmServer;
  readonly name: string;
  readonly vmIds: readonly string[];
  readonly generation: number;
  /** When each generation began, by `Date.now()`; the place in the list is its number. */
  readonly begins: readonly number[];
  /** All addresses of all VMs of the host change. */
  next(): void;
}

/** Hosts on real sockets whose data tells of itself from which report it is: a mixture of two cannot hide. */
export interface Generations {
  readonly world: World;
  readonly hosts: readonly GenerationHost[];
  readonly interfacesPerVm: number;
  /** As `VDSM_HOSTS` wants them. */
  readonly vdsmHosts: string;
  createClient(
    host: ConfiguredHost,
    options?: Partial<VdsmClientOptions>,
  ): ReturnType<typeof createVdsmClient>;
  stop(): Promise<void>;
}

/** Starts such hosts on plain TCP, or with the certificates given. */
export async function startGenerations(options: GenerationOptions): Promise<Generations> {
  const names = Array.from({ length: options.hosts }, (_, at) => `host${at + 1}.example.test`);
  const world = createWorld({ hosts: names, seed: 1 });
  const interfacesPerVm = options.interfacesPerVm ?? 2;
  const hosts = await Promise.all(
    names.map((name, at) => startHost(world, name, at, interfacesPerVm, options)),
  );
  return {
    world,
    hosts,
    interfacesPerVm,
    vdsmHosts: hosts.map(({ server }) => `127.0.0.1:${server.port}`).join(","),
    createClient: ({ host, port }, clientOptions = {}) =>
      createVdsmClient({ host, port, tls: null, ...clientOptions }),
    stop: async () => {
      await Promise.all(hosts.map(({ server }) => server.stop()));
    },
  };
}

/** The generation that an address is of; `NaN` if it is none of ours. */
export function findGeneration(address: string): number {
  const four = /^10\.(\d+)\.(\d+)\.\d+$/.exec(address);
  if (four !== null) return Number(four[1]) * 256 + Number(four[2]);
  const six = /^2001:db8:([0-9a-f]+)::[0-9a-f]+$/.exec(address);
  return six === null ? NaN : Number.parseInt(six[1] ?? "", 16);
}

/** What one guest reports at a generation. */
export function createReportAt(generation: number, vm: number, interfaces: number): WireInterface[] {
  return Array.from({ length: interfaces }, (_, at) => ({
    name: `eth${at}`,
    hw: `56:6f:00:${formatHexByte(vm >> 8)}:${formatHexByte(vm & 255)}:${formatHexByte(at)}`,
    inet: [`10.${generation >> 8}.${generation & 255}.${at + 1}`],
    inet6: [`2001:db8:${generation.toString(16)}::${(at + 1).toString(16)}`],
  }));
}

async function startHost(
  world: World,
  name: string,
  at: number,
  interfacesPerVm: number,
  { vmsPerHost, changesAtEveryPoll = false, tls = null }: GenerationOptions,
): Promise<GenerationHost> {
  const vms = Array.from({ length: vmsPerHost }, (_, each) => {
    const number = at * vmsPerHost + each;
    const netIfaces = createReportAt(1, number, interfacesPerVm);
    return { vm: world.addVm({ name: `vm${number}`, id: vmId(number), host: name, netIfaces }), number };
  });
  // Nothing is of generation 0, so that a zero in the store is somebody else's.
  const begins = [0, Date.now()];
  const next = () => {
    begins.push(Date.now());
    const generation = begins.length - 1;
    for (const { vm, number } of vms)
      world.setInterfaces(vm.id, createReportAt(generation, number, interfacesPerVm));
  };
  const answers = world.createAnswers(name);
  const verbs: VerbAnswers = {
    answer: (verb, params) => {
      if (changesAtEveryPoll && verb === "Host.getAllVmStats") next();
      return answers.answer(verb, params);
    },
  };
  const server = await startVdsmServer({ world: verbs, tls });
  return {
    configured: createConfiguredHost({ host: "127.0.0.1", port: server.port }),
    server,
    name,
    vmIds: vms.map(({ vm }) => vm.id),
    begins,
    get generation() {
      return begins.length - 1;
    },
    next,
  };
}

function vmId(number: number): string {
  const digest = createHash("sha256").update(`vm ${number}`).digest("hex");
  return `${digest.slice(0, 8)}-${digest.slice(8, 12)}-4${digest.slice(13, 16)}-8${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
}

function formatHexByte(value: number): string {
  return value.toString(16).padStart(2, "0");
}
