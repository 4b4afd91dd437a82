import { createServer, type AddressInfo, type Socket } from "node:net";
import { formatHexByte } from "../world/addresses.js";
import { formatDomainXml } from "../world/domain-xml.js";
import { FaultScript } from "../wire/faults.js";
import { findFirstIPv4, createRecordTemplate, type FleetVm, type RecordTemplate } from "./fleet-template.js";
import { HostEndpoint } from "../wire/host-endpoint.js";
import { formatLoopback, parseLoopback } from "../wire/loopback.js";
import { populate } from "../world/population.js";
import { EncodedJson, formatPythonJson } from "../wire/python-json.js";
import { closeServer, listen } from "../wire/vdsm-server.js";
import { VdsmFaultError, type VerbAnswers } from "../wire/verbs.js";
import { createWorld } from "../world/world.js";

/** The options of a fleet: many hosts in one process, for measurements. */
export interface FleetOptions {
  /** At most 65,000. */
  readonly hosts: number;
  readonly vmsPerHost: number;
  readonly seed: number;
  /** The share of VMs whose address changes each time that their host is asked: 0 for none, 1 for all. */
  readonly changedPerCycle: number;
  /** The port; 0 or absent: any free one. */
  readonly port?: number;
}

/** A running fleet. It has one port, and each host has its own loopback address (Linux has all of 127.0.0.0/8). */
export interface Fleet {
  readonly port: number;
  /** Every host as `127.x.y.z:port`. */
  readonly addresses: readonly string[];
  /** The number of answers to `Host.getAllVmStats` so far, by host. */
  readonly polls: Uint32Array;
  /** Sets the share of VMs that change at a poll. At the next poll, VMs may change in addition, once. */
  setChangedPerCycle(share: number): void;
  stop(): Promise<void>;
}

/** Number of different records. VMs differ in ids, names, MACs, addresses and counters. */
const TEMPLATES = 64;

/** Starts a fleet on plain TCP. A host has no state but a count, so that a million VMs need no memory. */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const { hosts, vmsPerHost } = options;
  const templates = createTemplates(options.seed);
  const polls = new Uint32Array(hosts);
  const period = { cycles: readPeriod(options.changedPerCycle) };
  const ends = new Map<number, HostEndpoint>();

  const openEndpoint = (host: number): HostEndpoint => {
    const known = ends.get(host);
    if (known !== undefined) return known;
    const verbs = createFleetVerbs(host, vmsPerHost, templates, polls, period);
    const end = new HostEndpoint(verbs, new FaultScript(), null, 10_000);
    ends.set(host, end);
    return end;
  };
  const server = createServer((socket: Socket) => {
    const host = parseLoopback(socket.localAddress ?? "");
    // One socket listens for all of 127.0.0.0/8. That is possible only by listening on all addresses, so others are
    // refused here.
    if (host < 0 || host >= hosts || !(socket.remoteAddress ?? "").startsWith("127.")) socket.destroy();
    else openEndpoint(host).accept(socket);
  });
  await listen(server, options.port ?? 0, "0.0.0.0");
  const { port } = server.address() as AddressInfo;

  return {
    port,
    addresses: Array.from({ length: hosts }, (_, host) => `${formatLoopback(host)}:${port}`),
    polls,
    setChangedPerCycle(share) {
      period.cycles = readPeriod(share);
    },
    stop: () => {
      const closed = closeServer(server);
      for (const end of ends.values()) end.destroy();
      return closed;
    },
  };
}

function createFleetVerbs(
  host: number,
  vms: number,
  templates: readonly RecordTemplate[],
  polls: Uint32Array,
  period: { readonly cycles: number },
): VerbAnswers {
  const getTemplateAt = (at: number) => templates[(host * vms + at) % templates.length] as RecordTemplate;
  const positions = Array.from({ length: vms }, (_, at) => at);
  const createVmAt = (at: number) =>
    createFleetVm(getTemplateAt(at), host, at, polls[host] ?? 0, period.cycles, vms);
  const verbs: Record<string, (wanted: unknown) => unknown> = {
    "Host.ping2": () => true,
    "Host.getCapabilities": () => ({ software_version: "4.50", hostname: `host-${host}.fleet.test` }),
    "Host.getAllVmStats": () => {
      polls[host] = (polls[host] ?? 0) + 1;
      return new EncodedJson(`[${positions.map((at) => getTemplateAt(at).fill(createVmAt(at))).join(", ")}]`);
    },
    "Host.getVMList": () =>
      positions.map((at) => ({ vmId: createVmAt(at).id, status: "Up", statusTime: "2147483647" })),
    "Host.dumpxmls": (wanted) => {
      const ids = Array.isArray(wanted) && wanted.length > 0 ? new Set<unknown>(wanted) : null;
      const told = positions.filter((at) => ids === null || ids.has(createVmAt(at).id));
      return Object.fromEntries(
        told.map((at) => [createVmAt(at).id, formatXml(getTemplateAt(at), createVmAt(at))]),
      );
    },
  };
  return {
    answer(verb, params) {
      const run = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
      if (run === undefined)
        throw new VdsmFaultError(-32601, "The method does not exist or is not available");
      return run(params["vmList"]);
    },
  };
}

/** Creates a VM's state from its position and its host's number of polls, so that no state is stored. */
function createFleetVm(
  template: RecordTemplate,
  host: number,
  at: number,
  polls: number,
  period: number,
  vms: number,
): FleetVm {
  const number = host * vms + at;
  const changes = Number.isFinite(period) ? Math.floor((polls + (number % period)) / period) : 0;
  const tail = number.toString(16).padStart(8, "0");
  return {
    id: `f1ee7000-0000-4000-8000-0000${tail}`,
    name: `vm-${String(number).padStart(7, "0")}`,
    macs: template.vm.nics.map((_, nic) => formatMac(number, nic)),
    ipv4: `10.${host % 256}.${at % 256}.${1 + (changes % 254)}`,
    received: 1e9 + number * 1_009 + polls * 15_140,
  };
}

function formatMac(number: number, nic: number): string {
  const bytes = [0x56, 0x60 + nic, number >>> 24, number >>> 16, number >>> 8, number];
  return bytes.map((byte) => formatHexByte(byte & 0xff)).join(":");
}

/** Formats the domain of a VM. The vNICs' ids are derived from the VM's id, so that every call gives the same. */
function formatXml(template: RecordTemplate, vm: FleetVm): string {
  const nics = template.vm.nics.map((nic, at) => ({
    ...nic,
    id: vm.id.replace("f1ee7000", `f1ee70${formatHexByte(at + 1)}`),
    mac: vm.macs[at] ?? nic.mac,
  }));
  return formatDomainXml({ ...template.vm, id: vm.id, name: vm.name, nics });
}

/**
 * Kinds of guests without a template. Hundreds of containers would distort a measurement per VM; MACs in other
 * spellings are not found as holes.
 */
const UNSUITABLE = ["docker host", "Windows, old agent"];

/** Creates templates from guests with an IPv4 address, so that every VM can change. A record has 2 to 3 kB. */
function createTemplates(seed: number): RecordTemplate[] {
  const world = createWorld({ hosts: ["fleet"], seed });
  populate(world, 4 * TEMPLATES);
  const usual = world.vms
    .filter((vm) => vm.agent === "running" && findFirstIPv4(vm) !== null && !UNSUITABLE.includes(vm.kind))
    .slice(0, TEMPLATES);
  return usual.flatMap((vm) =>
    vm.presences.map((presence) =>
      createRecordTemplate(vm, formatPythonJson(world.createRecord(vm, presence))),
    ),
  );
}

function readPeriod(share: number): number {
  return share <= 0 ? Infinity : Math.max(1, Math.round(1 / share));
}
