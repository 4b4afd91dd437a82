import { AddressPlan } from "./addresses.js";
import { Random } from "./random.js";
import { createVerbs, type HostView, type SimulatedHost, type VerbAnswers } from "../wire/verbs.js";
import { createVmRecord } from "./vm-record.js";
import { createNic, createVm, type VmSpec } from "./vm-spec.js";
import type { AgentState, Exit, Presence, SimulatedNic, SimulatedVm, VmStatus, WireInterface } from "./vm.js";

/** The hosts of a new world, and the seed of everything that is made up in it. */
export interface WorldSpec {
  readonly hosts: readonly (string | { readonly name: string; readonly release?: "4.3" | "4.5" })[];
  readonly seed?: number;
}

/** Creates a new world without VMs. */
export function createWorld(spec: WorldSpec): World {
  return new World(spec);
}

const GUEST_SHUTDOWN: Exit = { code: 0, reason: 1, message: "User shut down from within the guest" };
const MIGRATED: Exit = { code: 0, reason: 4, message: "Migration succeeded" };
const NOT_MIGRATED: Exit = { code: 1, reason: 5, message: "Migration failed" };

/** Hosts and VMs, and everything that can happen to them; what a host says is always what stands here. */
export class World {
  readonly hosts: readonly SimulatedHost[];
  readonly plan = new AddressPlan();
  readonly random: Random;
  /** The only clock of the world; the wall clock has no part in it. */
  now = 0;
  /** Told of every new status of a VM on a host, as an engine is by events. */
  onStatus: ((vm: SimulatedVm, presence: Presence) => void) | null = null;
  private readonly byId = new Map<string, SimulatedVm>();
  private samples = 0;
  /** Raised by whatever changes an answer, so that unchanged answers need not be composed again. */
  private version = 0;

  constructor(spec: WorldSpec) {
    this.random = new Random(spec.seed ?? 0);
    this.hosts = spec.hosts.map((host) => {
      const { name, release = "4.5" } = typeof host === "string" ? { name: host } : host;
      return { name, release, recovering: false, restarts: 0 };
    });
  }

  get vms(): readonly SimulatedVm[] {
    return [...this.byId.values()];
  }

  /** Returns the VM of this name or id. Throws if there is none. */
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

  /** Creates the verbs that a server on the wire answers for one host. */
  verbs(hostName: string): VerbAnswers {
    const view = (): HostView =>
      this.vms.flatMap((vm) =>
        vm.presences.filter((each) => each.host === hostName).map((presence) => ({ vm, presence })),
      );
    const record = (vm: SimulatedVm, presence: Presence) => this.recordOf(vm, presence);
    return createVerbs(this.host(hostName), { view, record, version: () => this.version });
  }

  /** Creates the record that a host reports of a VM now. */
  recordOf(vm: SimulatedVm, presence: Presence): Record<string, unknown> {
    const { name, restarts } = this.host(presence.host);
    return createVmRecord(vm, presence, {
      sample: this.samples,
      boot: `${name}/${restarts}`,
      displayAddress: "192.0.2.11",
    });
  }

  addVm(spec: VmSpec): SimulatedVm {
    this.host(spec.host);
    const vm = createVm(spec, this.plan, this.random);
    if (this.byId.has(vm.id)) throw new Error(`a VM ${vm.id} is already in this world`);
    this.byId.set(vm.id, vm);
    this.placeVm(vm, spec.host, spec.status ?? "Up");
    return vm;
  }

  /** Moves every counter. Nothing else changes. */
  nextSample(): void {
    this.samples += 1;
    this.version += 1;
  }

  /** Sets what the guest reports from now on. `null` makes the key absent. */
  setInterfaces(nameOrId: string, netIfaces: readonly WireInterface[] | null): void {
    const vm = this.findForChange(nameOrId);
    vm.netIfaces = netIfaces;
    if (vm.agent === "none" && netIfaces !== null) vm.agent = "running";
  }

  setGuestIPs(nameOrId: string, guestIPs: string | null): void {
    this.findForChange(nameOrId).guestIPs = guestIPs;
  }

  setFqdn(nameOrId: string, fqdn: string | null): void {
    this.findForChange(nameOrId).fqdn = fqdn;
  }

  setNics(nameOrId: string, nics: readonly Partial<SimulatedNic>[]): void {
    this.findForChange(nameOrId).nics = nics.map((nic) => createNic(nic, this.plan, this.random));
  }

  setRaw(nameOrId: string, raw: Readonly<Record<string, unknown>>): void {
    this.findForChange(nameOrId).raw = raw;
  }

  setAgent(nameOrId: string, agent: AgentState): void {
    this.findForChange(nameOrId).agent = agent;
  }

  /** Stops the agent: `netIfaces` is absent until `startAgent`. */
  stopAgent(nameOrId: string): void {
    this.setAgent(nameOrId, "silent");
  }

  startAgent(nameOrId: string): void {
    this.setAgent(nameOrId, "running");
  }

  /** Sets the status of a VM on this host; without a host, on every host that has it. */
  setStatus(nameOrId: string, status: VmStatus, host: string | null = null): void {
    const vm = this.vm(nameOrId);
    for (const each of vm.presences) {
      if (host === null || each.host === host) this.placeVm(vm, each.host, status);
    }
  }

  /** Puts a VM on a host, in a status; one that is there already changes its status only. */
  placeVm(vm: SimulatedVm, host: string, status: VmStatus, details: Partial<Presence> = {}): void {
    this.host(host);
    const presence: Presence = { exit: null, postCopy: false, ...details, host, status, since: this.now };
    const at = vm.presences.findIndex((each) => each.host === host);
    vm.presences = at < 0 ? [...vm.presences, presence] : vm.presences.with(at, presence);
    this.version += 1;
    this.onStatus?.(vm, presence);
  }

  /** Leaves a Down record, as a guest's own shutdown does, until `destroy`. */
  stop(nameOrId: string, exit: Exit = GUEST_SHUTDOWN): void {
    const vm = this.vm(nameOrId);
    for (const { host } of vm.presences) this.placeVm(vm, host, "Down", { exit });
  }

  /** Removes a Down VM's record from the host (or from all hosts), as an engine does. The VM can start again. */
  destroy(nameOrId: string, host: string | null = null): void {
    const vm = this.findForChange(nameOrId);
    vm.presences = host === null ? [] : vm.presences.filter((each) => each.host !== host);
  }

  /** Powers a VM up on a host. It goes on to Up by `tick` or `setStatus`, and its agent speaks by `tick` or `speak`. */
  start(nameOrId: string, host: string): void {
    const vm = this.vm(nameOrId);
    if (vm.agent !== "none") vm.agent = "starting";
    this.placeVm(vm, host, "Powering up");
  }

  /** Removes the VM from every host and from the world. */
  remove(nameOrId: string): void {
    this.byId.delete(this.findForChange(nameOrId).id);
  }

  /**
   * Starts a migration, step 1 of 3: `Migration Source` here (post-copy reports no guest), `Migration Destination`
   * there.
   */
  startMigration(nameOrId: string, toHost: string, { postCopy = false } = {}): void {
    const vm = this.vm(nameOrId);
    const source = vm.presences[0];
    if (source === undefined || source.host === toHost)
      throw new Error(`${vm.name} cannot move to ${toHost}`);
    this.placeVm(vm, source.host, "Migration Source", { postCopy });
    this.placeVm(vm, toHost, "Migration Destination");
  }

  /** Ends a migration, step 2 of 3: Up there, and a Down record with `exitReason` 4 here. */
  finishMigration(nameOrId: string): void {
    const { vm, source, destination } = this.findMigration(nameOrId);
    this.placeVm(vm, destination.host, "Up");
    this.placeVm(vm, source.host, "Down", { exit: MIGRATED });
  }

  /** Fails a migration, step 2: Up here as before, and a Down record there until `destroy`. */
  failMigration(nameOrId: string): void {
    const { vm, source, destination } = this.findMigration(nameOrId);
    this.placeVm(vm, source.host, "Up");
    this.placeVm(vm, destination.host, "Down", { exit: NOT_MIGRATED });
  }

  /** Removes the record at the source, step 3 of 3, as the engine does. */
  leaveSource(nameOrId: string): void {
    const vm = this.findForChange(nameOrId);
    vm.presences = vm.presences.filter((each) => each.exit?.reason !== MIGRATED.reason);
  }

  /** Migrates a VM in all three steps at once. */
  migrate(nameOrId: string, toHost: string): void {
    this.startMigration(nameOrId, toHost);
    this.finishMigration(nameOrId);
    this.leaveSource(nameOrId);
  }

  /** Restarts vdsmd: every `hash` changes. With `recovering` every verb fails with code 99 until it is taken back. */
  restartVdsmd(hostName: string, recovering = false): void {
    const host = this.host(hostName);
    host.restarts += 1;
    host.recovering = recovering;
    this.version += 1;
  }

  setRecovering(hostName: string, recovering: boolean): void {
    this.host(hostName).recovering = recovering;
  }

  private findForChange(nameOrId: string): SimulatedVm {
    this.version += 1;
    return this.vm(nameOrId);
  }

  private findMigration(nameOrId: string) {
    const vm = this.vm(nameOrId);
    const source = vm.presences.find((each) => each.status === "Migration Source");
    const destination = vm.presences.find((each) => each.status === "Migration Destination");
    if (source === undefined || destination === undefined) throw new Error(`${vm.name} is not migrating`);
    return { vm, source, destination };
  }
}
