import type { AddressPlan } from "./addresses.js";
import type { Random } from "./random.js";
import type { AgentState, SimulatedNic, SimulatedVm, VmStatus, WireInterface } from "./vm.js";

/** The properties of a new VM. Absent ones get realistic values. */
export interface VmSpec {
  readonly name: string;
  readonly host: string;
  readonly id?: string;
  readonly kind?: string;
  readonly os?: "linux" | "windows";
  readonly pinned?: boolean;
  readonly status?: VmStatus;
  /** Absent: one NIC on `ovirtmgmt`. */
  readonly nics?: readonly Partial<SimulatedNic>[];
  /** `null` or absent: there is no agent, so the key is absent. */
  readonly netIfaces?: readonly WireInterface[] | null;
  /** `null`: the key is absent. Not given: `''`, as with qemu-ga. */
  readonly guestIPs?: string | null;
  /** `null`: the key is absent. Not given: the name in `example.test`. */
  readonly fqdn?: string | null;
  readonly agent?: AgentState;
  /** Overwrites keys of the stats record; `undefined` removes a key. */
  readonly raw?: Readonly<Record<string, unknown>>;
}

/** Creates the properties of a VM, except its name and host, from a name, an address plan and random numbers. */
export type GuestFactory = (
  name: string,
  plan: AddressPlan,
  random: Random,
) => Omit<VmSpec, "name" | "host" | "kind">;

/** Creates a VM from its spec. It is on no host yet. */
export function createVm(spec: VmSpec, plan: AddressPlan, random: Random): SimulatedVm {
  return {
    id: spec.id ?? random.drawUuid(),
    name: spec.name,
    kind: spec.kind ?? "made by hand",
    os: spec.os ?? "linux",
    pinned: spec.pinned ?? false,
    presences: [],
    nics: (spec.nics ?? [{}]).map((nic) => createNic(nic, plan, random)),
    agent: spec.agent ?? (spec.netIfaces == null && !spec.guestIPs ? "none" : "running"),
    netIfaces: spec.netIfaces ?? null,
    guestIPs: spec.guestIPs === undefined ? "" : spec.guestIPs,
    fqdn: spec.fqdn === undefined ? `${spec.name}.example.test` : spec.fqdn,
    raw: spec.raw ?? {},
  };
}

/** Creates a NIC from its spec. */
export function createNic(spec: Partial<SimulatedNic>, plan: AddressPlan, random: Random): SimulatedNic {
  return {
    id: spec.id ?? random.drawUuid(),
    deviceId: spec.deviceId ?? random.drawUuid(),
    mac: spec.mac ?? plan.takeMac(),
    network: spec.network ?? "ovirtmgmt",
    device: spec.device ?? "bridge",
    model: spec.model ?? "virtio",
    linkActive: spec.linkActive ?? true,
  };
}
