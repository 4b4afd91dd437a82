import { AddressPlan } from "./addresses.js";
import { Random } from "./random.js";
import { verbsOf, type SimulatedHost, type VerbAnswers } from "./verbs.js";
import type { AgentState, Exit, Presence, SimulatedNic, SimulatedVm, VmStatus, WireInterface } from "./vm.js";

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

/** The hosts of a new world, and the seed of everything that is made up in it. */
export interface WorldSpec {
  readonly hosts: readonly (string | { readonly name: string; readonly release?: "4.3" | "4.5" })[];
  readonly seed?: number;
}

/** A new world without VMs. */
export function createWorld(spec: WorldSpec): World {
  return new World(spec);
}

/** Hosts and VMs, and everything that can happen to them; what a host says is always what stands here. */
export class World {
  readonly hosts: readonly SimulatedHost[];
  readonly plan = new AddressPlan();
  readonly random: Random;
  /** The only clock of the world; the wall clock has no part in it. */
  now = 0;
  private readonly byId = new Map<string, SimulatedVm>();

  constructor(spec: WorldSpec) {
    this.random = new Random(spec.seed ?? 0);
    this.hosts = spec.hosts.map((host) => {
      const { name, release = "4.5" } = typeof host === "string" ? { name: host } : host;
      return { name, release, recovering: false, restarts: 0, samples: 0 };
    });
  }

  get vms(): readonly SimulatedVm[] {
    return [...this.byId.values()];
  }

  /** The VM of this name or id; throws when there is none. */
  vm(nameOrId: string): SimulatedVm {
    const found = this.byId.get(nameOrId) ?? this.vms.find((vm) => vm.name === nameOrId);
    if (found === undefined) throw new Error(`no VM ${nameOrId} in this world`);
    return found;
  }

  host(name: string): SimulatedHost {
    const found = this.hosts.find((host) => host.name === name);
    if (found === undefined) throw new Error(`no host ${name} in this world`);
    return found;
  }

  /** What a wire server asks for one host. */
  verbs(hostName: string): VerbAnswers {
    const host = this.host(hostName);
    return verbsOf(host, () =>
      this.vms.flatMap((vm) =>
        vm.presences.filter((each) => each.host === hostName).map((presence) => ({ vm, presence })),
      ),
    );
  }

  addVm(spec: VmSpec): SimulatedVm {
    this.host(spec.host);
    const vm: SimulatedVm = {
      id: spec.id ?? this.random.uuid(),
      name: spec.name,
      kind: spec.kind ?? "made by hand",
      os: spec.os ?? "linux",
      pinned: spec.pinned ?? false,
      presences: [],
      nics: (spec.nics ?? [{}]).map((nic) => this.nic(nic)),
      agent: spec.agent ?? (spec.netIfaces == null && !spec.guestIPs ? "none" : "running"),
      netIfaces: spec.netIfaces ?? null,
      guestIPs: spec.guestIPs === undefined ? "" : spec.guestIPs,
      fqdn: spec.fqdn === undefined ? `${spec.name}.example.test` : spec.fqdn,
      raw: spec.raw ?? {},
    };
    if (this.byId.has(vm.id)) throw new Error(`a VM ${vm.id} is already in this world`);
    this.byId.set(vm.id, vm);
    this.place(vm, spec.host, spec.status ?? "Up");
    return vm;
  }

  /** What the guest reports from now on; `null` makes the key absent. */
  setInterfaces(nameOrId: string, netIfaces: readonly WireInterface[] | null): void {
    const vm = this.vm(nameOrId);
    vm.netIfaces = netIfaces;
    if (vm.agent === "none" && netIfaces !== null) vm.agent = "running";
  }

  setGuestIPs(nameOrId: string, guestIPs: string | null): void {
    this.vm(nameOrId).guestIPs = guestIPs;
  }

  setFqdn(nameOrId: string, fqdn: string | null): void {
    this.vm(nameOrId).fqdn = fqdn;
  }

  setNics(nameOrId: string, nics: readonly Partial<SimulatedNic>[]): void {
    this.vm(nameOrId).nics = nics.map((nic) => this.nic(nic));
  }

  setRaw(nameOrId: string, raw: Readonly<Record<string, unknown>>): void {
    this.vm(nameOrId).raw = raw;
  }

  setAgent(nameOrId: string, agent: AgentState): void {
    this.vm(nameOrId).agent = agent;
  }

  /** The agent falls silent: `netIfaces` is absent until `speak`. */
  silence(nameOrId: string): void {
    this.setAgent(nameOrId, "silent");
  }

  speak(nameOrId: string): void {
    this.setAgent(nameOrId, "running");
  }

  /** The status of a VM on this host; without a host, on every host that has it. */
  setStatus(nameOrId: string, status: VmStatus, host: string | null = null): void {
    const vm = this.vm(nameOrId);
    for (const each of vm.presences) {
      if (host === null || each.host === host) this.place(vm, each.host, status);
    }
  }

  /** Puts a VM on a host, in a status; one that is there already changes its status only. */
  place(vm: SimulatedVm, host: string, status: VmStatus, exit: Exit | null = null): void {
    this.host(host);
    const presence: Presence = { host, status, exit, since: this.now };
    const at = vm.presences.findIndex((each) => each.host === host);
    vm.presences = at < 0 ? [...vm.presences, presence] : vm.presences.with(at, presence);
  }

  /** Leaves a Down record, as a guest's own shutdown does, until `destroy`. */
  stop(
    nameOrId: string,
    exit: Exit = { code: 0, reason: 1, message: "User shut down from within the guest" },
  ): void {
    const vm = this.vm(nameOrId);
    for (const { host } of vm.presences) this.place(vm, host, "Down", exit);
  }

  /** What an engine does with a Down VM: its record leaves the host (or all hosts). The VM stays known, to start again. */
  destroy(nameOrId: string, host: string | null = null): void {
    const vm = this.vm(nameOrId);
    vm.presences = host === null ? [] : vm.presences.filter((each) => each.host !== host);
  }

  /** Powers a VM up on a host; it goes on to Up by `tick` or `setStatus`. */
  start(nameOrId: string, host: string): void {
    this.place(this.vm(nameOrId), host, "Powering up");
  }

  /** The VM is gone from every host and from the world. */
  remove(nameOrId: string): void {
    this.byId.delete(this.vm(nameOrId).id);
  }

  /** First step: `Migration Source` here, `Migration Destination` there. */
  startMigration(nameOrId: string, toHost: string): void {
    const vm = this.vm(nameOrId);
    const source = vm.presences[0];
    if (source === undefined || source.host === toHost)
      throw new Error(`${vm.name} cannot move to ${toHost}`);
    this.place(vm, source.host, "Migration Source");
    this.place(vm, toHost, "Migration Destination");
  }

  /** Second step: Up there, and a Down record with `exitReason` 4 here. */
  finishMigration(nameOrId: string): void {
    const vm = this.vm(nameOrId);
    const source = vm.presences.find((each) => each.status === "Migration Source");
    const destination = vm.presences.find((each) => each.status === "Migration Destination");
    if (source === undefined || destination === undefined) throw new Error(`${vm.name} is not migrating`);
    this.place(vm, destination.host, "Up");
    this.place(vm, source.host, "Down", { code: 0, reason: 4, message: "Migration succeeded" });
  }

  /** Last step: the engine destroys what is left at the source. */
  leaveSource(nameOrId: string): void {
    const vm = this.vm(nameOrId);
    vm.presences = vm.presences.filter((each) => each.exit?.reason !== 4);
  }

  /** All three steps at once: the VM was there, now it is here. */
  migrate(nameOrId: string, toHost: string): void {
    this.startMigration(nameOrId, toHost);
    this.finishMigration(nameOrId);
    this.leaveSource(nameOrId);
  }

  /** vdsmd restarts: every `hash` changes, and with `recovering` every verb ends with code 99 until it is taken back. */
  restartVdsmd(hostName: string, recovering = false): void {
    const host = this.host(hostName);
    host.restarts += 1;
    host.recovering = recovering;
  }

  setRecovering(hostName: string, recovering: boolean): void {
    this.host(hostName).recovering = recovering;
  }

  private nic(spec: Partial<SimulatedNic>): SimulatedNic {
    return {
      id: spec.id ?? this.random.uuid(),
      deviceId: spec.deviceId ?? this.random.uuid(),
      mac: spec.mac ?? this.plan.nextMac(),
      network: spec.network ?? "ovirtmgmt",
      device: spec.device ?? "bridge",
      model: spec.model ?? "virtio",
      linkActive: spec.linkActive ?? true,
    };
  }
}
