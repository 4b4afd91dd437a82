import type { AddressPlan } from "./addresses.js";
import type { Random } from "./random.js";
import type { AgentState, SimulatedNic, SimulatedVm, VmStatus, WireInterface } from "./vm.js";

/** What a new VM is to be; what is left out is made up believably. */
export interface VmSpec {
  readonly name: string;
  readonly host: string;
  readonly id?: string;
  readonly kind?: string;
  readonly os?: "linux" | "windows";
  readonly pinned?: boolean;
  readonly status?: VmStatus;
  /** Left out: one NIC on `ovirtmgmt`. */
  readonly nics?: readonly Partial<SimulatedNic>[];
  /** `null` or left out: no agent, the key is absent. */
  readonly netIfaces?: readonly WireInterface[] | null;
  /** `null`: the key is absent. Left out: `''`, as with qemu-ga. */
  readonly guestIPs?: string | null;
  /** `null`: the key is absent. Left out: the name in `example.test`. */
  readonly fqdn?: string | null;
  readonly agent?: AgentState;
  /** Laid over the stats record as it is; `undefined` removes a key. */
  readonly raw?: Readonly<Record<string, unknown>>;
}

/** Everything of a VM but its place. A kind of guest makes it from a name, an address plan and chance. */
export type GuestFactory = (
  name: string,
  plan: AddressPlan,
  random: Random,
) => Omit<VmSpec, "name" | "host" | "kind">;

/** Creates a VM by its spec, not yet on any host. */
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

/** Creates a NIC by what is given of it. */
export function createNic(spec: Partial<SimulatedNic>, plan: AddressPlan, random: Random): SimulatedNic {
  return {
    id: spec.id ?? random.drawUuid(),
    deviceId: spec.deviceId ?? random.drawUuid(),
    mac: spec.mac ?? plan.nextMac(),
    network: spec.network ?? "ovirtmgmt",
    device: spec.device ?? "bridge",
    model: spec.model ?? "virtio",
    linkActive: spec.linkActive ?? true,
  };
}
