import { changeAddresses } from "./guest-changes.js";
import type { Random } from "./random.js";
import type { SimulatedHost } from "../wire/verbs.js";
import type { SimulatedVm } from "./vm.js";
import type { World } from "./world.js";

/** The ticks between two changes of `web-01`. They are few, so that viewers of a demonstration see something change. */
const SHOWCASE_TICKS = 3;

/** The first ticks, in which no host fails, so that a new user's first minutes are calm. */
const CALM_TICKS = 60;

/** Advances the cluster by one tick: running events go on, and a few VMs begin one. */
export function advanceWorld(world: World): void {
  world.now += 1;
  world.takeSample();
  for (const host of world.hosts) restartSometimes(world, host);
  for (const vm of world.vms) {
    if (vm.pinned) changePinned(world, vm);
    else if (!advanceVm(world, vm)) startEvent(world, vm);
  }
}

/** Restarts vdsmd with a small probability. For one tick it answers only that it recovers. */
function restartSometimes(world: World, host: SimulatedHost): void {
  if (host.recovering) world.setRecovering(host.name, false);
  else if (world.now > CALM_TICKS && world.random.drawChance(0.004)) world.restartVdsmd(host.name, true);
}

function changePinned(world: World, vm: SimulatedVm): void {
  const showcase = vm.name === "web-01";
  if (showcase ? world.now % SHOWCASE_TICKS === 0 : world.random.drawChance(0.08)) changeAddresses(world, vm);
}

/** Takes the next step of the event that is under way. Returns `false` if there is none. */
function advanceVm(world: World, vm: SimulatedVm): boolean {
  const [presence] = vm.presences;
  if (presence === undefined) {
    if (world.random.drawChance(0.3)) world.start(vm.id, pickHost(world, world.random));
    return true;
  }
  const ended = vm.presences.find((each) => each.status === "Down");
  if (presence.status === "Migration Source") endMigration(world, vm);
  else if (vm.presences.length > 1 && ended !== undefined) world.destroy(vm.id, ended.host);
  else if (presence.status === "Down") world.destroy(vm.id);
  else if (presence.status === "Powering down") world.stop(vm.id);
  else if (presence.status === "Powering up") startVm(world, vm);
  else return advanceAgent(world, vm);
  return true;
}

function endMigration(world: World, vm: SimulatedVm): void {
  if (world.random.drawChance(0.2)) world.failMigration(vm.id);
  else world.finishMigration(vm.id);
}

/** Finishes the start of a VM. Its agent starts later. */
function startVm(world: World, vm: SimulatedVm): void {
  world.setStatus(vm.id, "Up");
  // DHCP may have given its old address to another guest meanwhile.
  if (world.random.drawChance(0.3)) changeAddresses(world, vm);
}

function advanceAgent(world: World, vm: SimulatedVm): boolean {
  if (vm.agent !== "starting" && vm.agent !== "silent") return false;
  if (world.random.drawChance(0.3)) world.startAgent(vm.id);
  return true;
}

function startEvent(world: World, vm: SimulatedVm): void {
  const what = world.random.draw();
  if (what < 0.01) world.setStatus(vm.id, "Powering down");
  else if (what < 0.015)
    world.stop(vm.id, { code: 1, reason: 1, message: "Lost connection with qemu process" });
  else if (what < 0.035) startMigration(world, vm);
  else if (what < 0.045 && vm.agent === "running") world.stopAgent(vm.id);
  else if (what < 0.085) changeAddresses(world, vm);
}

function startMigration(world: World, vm: SimulatedVm): void {
  const others = world.hosts.filter((host) => host.name !== vm.presences[0]?.host);
  const [first, ...rest] = others;
  if (first === undefined) return;
  const postCopy = world.random.drawChance(0.25);
  world.startMigration(vm.id, world.random.pick([first, ...rest]).name, { postCopy });
}

function pickHost(world: World, random: Random): string {
  const [first, ...rest] = world.hosts;
  if (first === undefined) throw new Error("a cluster needs a host");
  return random.pick([first, ...rest]).name;
}
