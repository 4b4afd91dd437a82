import { NETWORKS, type NetworkName } from "./addresses.js";
import { createVeth } from "./guests/containers.js";
import type { SimulatedVm, WireInterface } from "./vm.js";
import type { World } from "./world.js";

/** Changes a guest's network in a way that fits its kind: a lease, a second address, or containers. */
export function changeAddresses(world: World, vm: SimulatedVm): void {
  const { netIfaces } = vm;
  if (netIfaces === null) {
    // An agent that knows no interfaces still reports addresses.
    if (vm.guestIPs) world.setGuestIPs(vm.id, world.plan.takeIpv4("ovirtmgmt"));
    return;
  }
  if (netIfaces.some(isVeth)) {
    world.setInterfaces(vm.id, replaceContainers(world, netIfaces));
    return;
  }
  const at = netIfaces.findIndex(
    (each) => isOwn(vm, each) && (each.inet.some(isText) || each.inet6.length > 1),
  );
  const chosen = netIfaces[at];
  if (chosen === undefined) return;
  const changed = netIfaces.with(at, changeOne(world, vm, chosen));
  world.setInterfaces(vm.id, changed);
  if (vm.guestIPs) world.setGuestIPs(vm.id, changed.flatMap(({ inet }) => inet.filter(isText)).join(" "));
}

/** Changes one address. The guest stays reachable: IPv6 stays IPv6, and one IPv4 address remains. */
function changeOne(world: World, vm: SimulatedVm, before: WireInterface): WireInterface {
  const network = findNetwork(vm, before);
  const inet = before.inet.filter(isText);
  if (inet.length === 0) {
    const [linkLocal, ...rest] = before.inet6;
    const kept = rest.slice(0, -1);
    return {
      ...before,
      inet6: [...(linkLocal === undefined ? [] : [linkLocal]), world.plan.takeIpv6(network), ...kept],
    };
  }
  if (inet.length > 1 && world.random.drawChance(0.5)) return { ...before, inet: inet.slice(0, -1) };
  if (world.random.drawChance(0.5)) return { ...before, inet: [...inet, world.plan.takeIpv4(network)] };
  return { ...before, inet: [world.plan.takeIpv4(network), ...inet.slice(1)] };
}

/** The usual number of containers of a docker host, around which it stays. */
const USUAL_CONTAINERS = 260;

/** Ends some containers and starts others. */
function replaceContainers(world: World, netIfaces: readonly WireInterface[]): WireInterface[] {
  const gone = world.random.drawInt(1, 4);
  const veths = netIfaces.filter(isVeth).slice(gone);
  const born = Array.from({ length: world.random.drawInt(1, veths.length < USUAL_CONTAINERS ? 5 : 3) }, () =>
    createVeth(world.random),
  );
  return [...netIfaces.filter((each) => !isVeth(each)), ...veths, ...born];
}

function isVeth(each: WireInterface): boolean {
  return each.name?.startsWith("veth") ?? false;
}

function isOwn(vm: SimulatedVm, each: WireInterface): boolean {
  const mac = each.hw?.toLowerCase().replaceAll("-", ":");
  return vm.nics.some((nic) => nic.mac === mac);
}

function findNetwork(vm: SimulatedVm, each: WireInterface): NetworkName {
  const name = vm.nics.find((nic) => nic.mac === each.hw?.toLowerCase())?.network;
  return NETWORKS.find((network) => network === name) ?? "ovirtmgmt";
}

function isText(address: string): boolean {
  return address !== "";
}
