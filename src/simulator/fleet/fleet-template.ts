import { formatPythonJson } from "../wire/python-json.js";
import type { SimulatedVm } from "../world/vm.js";

/** The values that differ between the VMs of one template, and from one poll to the next. */
export interface FleetVm {
  readonly id: string;
  readonly name: string;
  readonly macs: readonly string[];
  /** The address that changes when the VM changes. */
  readonly ipv4: string;
  /** A statistic that changes at every poll. */
  readonly received: number;
}

/** A record of `Host.getAllVmStats` with holes for the values of a VM. So a million VMs need no JSON encoder. */
export interface RecordTemplate {
  readonly vm: SimulatedVm;
  fill(vm: FleetVm): string;
}

type Hole = keyof Omit<FleetVm, "macs"> | number;

/** Cuts a record's text at each value that belongs to the VM. All VMs of the template share the rest. */
export function createRecordTemplate(vm: SimulatedVm, text: string): RecordTemplate {
  const own = new Map<string, Hole>([
    [vm.id, "id"],
    [formatPythonJson(vm.name).slice(1, -1), "name"],
    ...vm.nics.map((nic, at) => [nic.mac, at] as const),
  ]);
  const ipv4 = findFirstIPv4(vm);
  if (ipv4 !== null) own.set(ipv4, "ipv4");

  const words = [...own.keys()].map(escapeJson).join("|");
  // An address is always a text of its own. Names and ids also occur inside other texts.
  const pieces = text.split(new RegExp(`("rx": "\\d+")|(${words})(?![0-9])`));
  const fixed: string[] = [];
  const holes: Hole[] = [];
  for (let at = 0; at < pieces.length; at += 3) {
    const [before = "", counter, word] = pieces.slice(at, at + 3);
    fixed.push(before);
    if (counter !== undefined) holes.push("received");
    else if (word !== undefined) holes.push(own.get(word) ?? "id");
  }
  return {
    vm,
    fill(filling) {
      let filled = fixed[0] ?? "";
      for (let at = 0; at < holes.length; at += 1) {
        filled += readValue(filling, holes[at] ?? "id") + (fixed[at + 1] ?? "");
      }
      return filled;
    },
  };
}

/** Finds the first address that a guest has on a network of the data centre. */
export function findFirstIPv4(vm: SimulatedVm): string | null {
  return vm.netIfaces?.flatMap((each) => each.inet).find((each) => each.startsWith("10.")) ?? null;
}

function readValue(vm: FleetVm, hole: Hole): string {
  if (typeof hole === "number") return vm.macs[hole] ?? "";
  return hole === "received" ? `"rx": "${vm.received}"` : vm[hole];
}

function escapeJson(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
