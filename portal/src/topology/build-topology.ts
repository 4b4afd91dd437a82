import type { ResultOf } from "../api/graphql.js";
import type { TopologyPageQuery } from "../api/topology-queries.js";

/** A VM, as the server sends it. */
export type PlacedVm = NonNullable<ResultOf<typeof TopologyPageQuery>["vms"]>["nodes"][number];

/** A VM on a network. */
export interface Member {
  readonly vm: PlacedVm;
  /**
   * `true` if the VM runs and has a vNIC on this network that is plugged in and linked: the others there can reach it
   * now.
   */
  readonly isReachable: boolean;
  /** The names of its other networks. */
  readonly alsoOn: readonly string[];
}

/** A network with its VMs by host. All reachable ones can reach each other, whatever their host. */
export interface NetworkGroup {
  /** `null`: the VMs without a known network. */
  readonly name: string | null;
  readonly vmCount: number;
  readonly reachableCount: number;
  readonly hosts: readonly HostGroup[];
  /** Other networks of this one's VMs, with the number of these VMs: there the two networks may be connected. */
  readonly bridges: readonly { readonly network: string; readonly vmCount: number }[];
}

/** The VMs of a network that run on one host, by name. */
export interface HostGroup {
  /** `null`: they run on no host. */
  readonly id: string | null;
  readonly name: string | null;
  readonly members: readonly Member[];
}

/** Groups VMs by the networks of their vNICs, and those by host. A VM on several networks is in each of them. */
export function buildTopology(vms: readonly PlacedVm[]): NetworkGroup[] {
  const byNetwork = new Map<string | null, Member[]>();
  for (const vm of vms) {
    const networks = listNetworks(vm);
    for (const network of networks.length === 0 ? [null] : networks) {
      const member: Member = {
        vm,
        isReachable: network !== null && isReachable(vm, network),
        alsoOn: networks.filter((each) => each !== network),
      };
      const members = byNetwork.get(network);
      if (members === undefined) byNetwork.set(network, [member]);
      else members.push(member);
    }
  }
  return [...byNetwork]
    .map(([name, members]) => createNetworkGroup(name, members))
    .toSorted((left, right) => compareNames(left.name, right.name));
}

function createNetworkGroup(name: string | null, members: readonly Member[]): NetworkGroup {
  const shared = new Map<string, number>();
  for (const network of members.flatMap(({ alsoOn }) => alsoOn)) {
    shared.set(network, (shared.get(network) ?? 0) + 1);
  }
  return {
    name,
    vmCount: members.length,
    reachableCount: members.filter((each) => each.isReachable).length,
    hosts: groupByHost(members),
    bridges: [...shared]
      .map(([network, vmCount]) => ({ network, vmCount }))
      .toSorted((left, right) => compareNames(left.network, right.network)),
  };
}

function groupByHost(members: readonly Member[]): HostGroup[] {
  const byHost = new Map<string | null, Member[]>();
  for (const member of members) {
    const key = member.vm.host?.id ?? null;
    const group = byHost.get(key);
    if (group === undefined) byHost.set(key, [member]);
    else group.push(member);
  }
  return [...byHost]
    .map(([id, group]) => ({
      id,
      name: group[0]?.vm.host?.name ?? null,
      members: group.toSorted((left, right) => compareNames(left.vm.name, right.vm.name)),
    }))
    .toSorted((left, right) => compareNames(left.name, right.name));
}

function listNetworks({ nics }: PlacedVm): string[] {
  const names = (nics ?? []).map(({ network }) => network).filter((network) => network !== null);
  return [...new Set(names)].toSorted(compareNames);
}

function isReachable({ status, nics }: PlacedVm, network: string): boolean {
  return (
    status === "UP" &&
    (nics ?? []).some((nic) => nic.network === network && nic.plugged !== false && nic.linked !== false)
  );
}

const COLLATOR = new Intl.Collator("en", { numeric: true });

/** Compares names as people sort them, `host-2` before `host-10`. What has no name comes last. */
function compareNames(left: string | null, right: string | null): number {
  if (left === null || right === null) return Number(left === null) - Number(right === null);
  return COLLATOR.compare(left, right);
}
