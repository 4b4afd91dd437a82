import { formatHexByte } from "../../src/simulator/world/addresses.js";
import { formatDomainXml } from "../../src/simulator/world/domain-xml.js";
import {
  findFirstIPv4,
  createRecordTemplate,
  type RecordTemplate,
} from "../../src/simulator/fleet/fleet-template.js";
import { populate } from "../../src/simulator/world/population.js";
import { formatPythonJson } from "../../src/simulator/wire/python-json.js";
import type { SimulatedVm } from "../../src/simulator/world/vm.js";
import { createWorld } from "../../src/simulator/world/world.js";

/** Creates answers of `Host.getAllVmStats` as VDSM writes them, of hosts with `vmsPerHost` VMs each. A VM has 2 to 3 kB. */
export class Payloads {
  private readonly templates = createTemplates();

  constructor(readonly vmsPerHost: number) {}

  /**
   * Creates the answer of a host. Counters change with `sample`. A VM has another address for each `version`; 0 is its
   * first one.
   */
  body(host: number, sample: number, version: (at: number) => number): Buffer {
    const records: string[] = [];
    for (let at = 0; at < this.vmsPerHost; at += 1) {
      const number = host * this.vmsPerHost + at;
      records.push(
        this.findTemplate(number).fill({
          id: formatVmId(number),
          name: formatName(number),
          macs: this.findTemplate(number).vm.nics.map((_, nic) => formatMac(number, nic)),
          ipv4: formatAddress(number, version(at)),
          received: 1_000_000_000 + number * 1_009 + sample * 15_140,
        }),
      );
    }
    const head = `{"jsonrpc": "2.0", "id": "0f1ee700-0000-4000-8000-000000000000", "result": [`;
    return Buffer.from(`${head}${records.join(", ")}]}`, "latin1");
  }

  /** Formats the libvirt domain of the VM with this number. */
  domain(number: number): string {
    const { vm } = this.findTemplate(number);
    const nics = vm.nics.map((nic, at) => ({ ...nic, mac: formatMac(number, at) }));
    return formatDomainXml({ ...vm, id: formatVmId(number), name: formatName(number), nics });
  }

  private findTemplate(number: number): RecordTemplate {
    return this.templates[number % this.templates.length]!;
  }
}

/** Formats the id of the VM with this number in the fleet. */
export function formatVmId(number: number): string {
  return `f1ee7000-0000-4000-8000-0000${number.toString(16).padStart(8, "0")}`;
}

/** Formats the address that a VM has in this version. */
export function formatAddress(number: number, version: number): string {
  return `10.${version & 0xff}.${(number >> 8) & 0xff}.${number & 0xff}`;
}

/** Creates the function that gives the version to every n-th VM, and 0 to the others. */
export function changeEveryNth(step: number, version: number): (at: number) => number {
  return (at) => (at % step === 0 ? version : 0);
}

function formatName(number: number): string {
  return `vm-${String(number).padStart(7, "0")}`;
}

function formatMac(number: number, nic: number): string {
  return [0x56, 0x60 + nic, number >>> 24, number >>> 16, number >>> 8, number]
    .map((byte) => formatHexByte(byte & 0xff))
    .join(":");
}

/**
 * Creates templates of guests that have an address which can change, and interfaces with different names or MACs. So
 * every way of writing finds its rows. Hundreds of containers would distort a measurement per VM.
 */
function createTemplates(): RecordTemplate[] {
  const world = createWorld({ hosts: ["bench"], seed: 1 });
  populate(world, 256);
  return world.vms
    .filter(
      (vm) =>
        vm.agent === "running" &&
        findFirstIPv4(vm) !== null &&
        hasDistinctInterfaces(vm) &&
        !UNSUITABLE.includes(vm.kind),
    )
    .slice(0, 64)
    .flatMap((vm) =>
      vm.presences.map((presence) =>
        createRecordTemplate(vm, formatPythonJson(world.createRecord(vm, presence))),
      ),
    );
}

function hasDistinctInterfaces({ netIfaces }: SimulatedVm): boolean {
  const identities = (netIfaces ?? []).map(({ name, hw }) => `${name} ${hw?.toLowerCase()}`);
  return new Set(identities).size === identities.length;
}

const UNSUITABLE = ["docker host", "Windows, old agent"];
