import { AddressPlan } from "./addresses.js";
import { Random } from "./random.js";
import { createVerbs, type HostView, type SimulatedHost, type VerbAnswers } from "../wire/verbs.js";
import { createVmRecord } from "./vm-record.js";
import { createNic, createVm, type VmSpec } from "./vm-spec.js";
import type { AgentState, Exit, Presence, SimulatedNic, SimulatedVm, VmStatus, WireInterface } from "./vm.js";

/** The hosts of a new world, and the seed of all its random values. */
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

/** Hosts and VMs, and everything that can happen to them. Hosts always report the present state of the world. */
export class World {
  readonly hosts: readonly SimulatedHost[];
  readonly plan = new AddressPlan();
  readonly random: Random;
  /** The only clock of the world, in ticks. Real time does not matter. */
  now = 0;
  /** Called for every new status of a VM on a host, as an engine gets it by events. */
  onStatus: ((vm: SimulatedVm, presence: Presence) => void) | null = null;
  private readonly byId = new Map<string, SimulatedVm>();
  private samples = 0;
  /** A number that rises with each change of an answer. Unchanged answers are not composed again. */
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
  findVm(nameOrId: string): SimulatedVm {
    const found = this.byId.get(nameOrId) ?? this.vms.find((vm) => vm.name === nameOrId);
    if (found === undefined) throw new Error(`no VM ${nameOrId} in this world`);
    return found;
  }

  findHost(name: string): SimulatedHost {
    const found = this.hosts.find((host) => host.name === name);
    if (found === undefined) throw new Error(`no host ${name} in this world`);
    return found;
  }

  /** Creates the answers to the verbs of one host. */
  createAnswers(hostName: string): VerbAnswers {
    const view = (): HostView =>
      this.vms.flatMap((vm) =>
        vm.presences.filter((each) => each.host === hostName).map((presence) => ({ vm, presence })),
      );
    const record = (vm: SimulatedVm, presence: Presence) => this.createRecord(vm, presence);
    return createVerbs(this.findHost(hostName), { view, record, version: () => this.version });
  }

  /** Creates the record that a host now reports of a VM. */
  createRecord(vm: SimulatedVm, presence: Presence): Record<string, unknown> {
    const { name, restarts } = this.findHost(presence.host);
    return createVmRecord(vm, presence, {
      sample: this.samples,
      boot: `${name}/${restarts}`,
      displayAddress: "192.0.2.11",
    });
  }

  addVm(spec: VmSpec): SimulatedVm {
    this.findHost(spec.host);
    const vm = createVm(spec, this.plan, this.random);
    if (this.byId.has(vm.id)) throw new Error(`a VM ${vm.id} is already in this world`);
    this.byId.set(vm.id, vm);
    this.placeVm(vm, spec.host, spec.status ?? "Up");
    return vm;
  }

  /** Changes every counter, and nothing else. */
  takeSample(): void {
    this.samples += 1;
    this.version += 1;
  }

  /** Sets the interfaces that the guest reports. `null` makes the key absent. */
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

  /** Stops the agent. `netIfaces` is then absent until `startAgent`. */
  stopAgent(nameOrId: string): void {
    this.setAgent(nameOrId, "silent");
  }

  startAgent(nameOrId: string): void {
    this.setAgent(nameOrId, "running");
  }

  /** Sets the status of a VM on this host; without a host, on every host that has it. */
  setStatus(nameOrId: string, status: VmStatus, host: string | null = null): void {
    const vm = this.findVm(nameOrId);
    for (const each of vm.presences) {
      if (host === null || each.host === host) this.placeVm(vm, each.host, status);
    }
  }

  /** Puts a VM on a host with a status. If it is already there, only its status changes. */
  placeVm(vm: SimulatedVm, host: string, status: VmStatus, details: Partial<Presence> = {}): void {
    this.findHost(host);
    const presence: Presence = { exit: null, postCopy: false, ...details, host, status, since: this.now };
    const at = vm.presences.findIndex((each) => each.host === host);
    vm.presences = at < 0 ? [...vm.presences, presence] : vm.presences.with(at, presence);
    this.version += 1;
    this.onStatus?.(vm, presence);
  }

  /** Stops a VM. It leaves a Down record, as after a guest's own shutdown, until `destroy`. */
  stop(nameOrId: string, exit: Exit = GUEST_SHUTDOWN): void {
    const vm = this.findVm(nameOrId);
    for (const { host } of vm.presences) this.placeVm(vm, host, "Down", { exit });
  }

  /** Removes a Down VM's record from the host (or from all hosts), as an engine does. The VM can start again. */
  destroy(nameOrId: string, host: string | null = null): void {
    const vm = this.findForChange(nameOrId);
    vm.presences = host === null ? [] : vm.presences.filter((each) => each.host !== host);
  }

  /** Starts a VM on a host. `tick` or `setStatus` brings it to Up, and `tick` or `startAgent` starts its agent. */
  start(nameOrId: string, host: string): void {
    const vm = this.findVm(nameOrId);
    if (vm.agent !== "none") vm.agent = "starting";
    this.placeVm(vm, host, "Powering up");
  }

  /** Removes the VM from every host and from the world. */
  remove(nameOrId: string): void {
    this.byId.delete(this.findForChange(nameOrId).id);
  }

  /**
   * Starts a migration, step 1 of 3. The source has the status `Migration Source` (a post-copy one reports no guest),
   * the other host `Migration Destination`.
   */
  startMigration(nameOrId: string, toHost: string, { postCopy = false } = {}): void {
    const vm = this.findVm(nameOrId);
    const source = vm.presences[0];
    if (source === undefined || source.host === toHost)
      throw new Error(`${vm.name} cannot move to ${toHost}`);
    this.placeVm(vm, source.host, "Migration Source", { postCopy });
    this.placeVm(vm, toHost, "Migration Destination");
  }

  /**
   * Ends a migration, step 2 of 3. The VM is Up on the destination, and leaves a Down record with `exitReason` 4 at the
   * source.
   */
  finishMigration(nameOrId: string): void {
    const { vm, source, destination } = this.findMigration(nameOrId);
    this.placeVm(vm, destination.host, "Up");
    this.placeVm(vm, source.host, "Down", { exit: MIGRATED });
  }

  /**
   * Fails a migration, step 2. The VM is Up at the source as before, and leaves a Down record at the destination until
   * `destroy`.
   */
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

  /** Restarts vdsmd. Every `hash` changes. With `recovering`, every verb fails with code 99 until that is set back. */
  restartVdsmd(hostName: string, recovering = false): void {
    const host = this.findHost(hostName);
    host.restarts += 1;
    host.recovering = recovering;
    this.version += 1;
  }

  setRecovering(hostName: string, recovering: boolean): void {
    this.findHost(hostName).recovering = recovering;
  }

  private findForChange(nameOrId: string): SimulatedVm {
    this.version += 1;
    return this.findVm(nameOrId);
  }

  private findMigration(nameOrId: string) {
    const vm = this.findVm(nameOrId);
    const source = vm.presences.find((each) => each.status === "Migration Source");
    const destination = vm.presences.find((each) => each.status === "Migration Destination");
    if (source === undefined || destination === undefined) throw new Error(`${vm.name} is not migrating`);
    return { vm, source, destination };
  }
}
