import { Arg, Args, Ctx, ID, Query, Resolver } from "type-graphql";
import { MAX_VALUES, parseId } from "../arguments/arguments.js";
import { loadNicsByMacs, parseMacs } from "../arguments/nics-by-macs.js";
import { parseVmList } from "../arguments/filters/parse-vm-filter.js";
import { VmFilterInput } from "../arguments/filters/vm-filter.js";
import { toVmPageArguments, VmListArguments } from "../arguments/pages/vm-list-arguments.js";
import { loadVmPage } from "../arguments/pages/vm-page.js";
import type { GraphContext } from "../context.js";
import { VmConnection } from "../types/list-types.js";
import { Host, Vm, VmNic } from "../types/object-types.js";
import { MACScalar } from "../types/scalars.js";

/**
 * The root fields of queries. No answer waits for a host: all is read from what was stored last. Every field is
 * nullable: in a federated graph, a failure of a non-null field of ours would remove the answers of other subgraphs,
 * too.
 */
@Resolver()
export class Queries {
  @Query(() => Vm, { nullable: true, description: "The VM with this id; null if there is none." })
  vm(@Arg("id", () => ID, { description: "The VM's UUID." }) id: string, @Ctx() { loaders }: GraphContext) {
    return loaders.vmById.load(parseId("id", id));
  }

  @Query(() => VmConnection, {
    nullable: true,
    description: "VMs, page by page; an empty page if none is found. Null only beside an error.",
  })
  vms(
    @Ctx() { loaders }: GraphContext,
    @Args(() => VmListArguments) page: VmListArguments,
    @Arg("filter", () => VmFilterInput, { nullable: true, description: "Which VMs; null means all." })
    filter?: VmFilterInput | null,
    @Arg("ids", () => [ID], {
      nullable: true,
      description: `Only these VMs, by UUID, ${MAX_VALUES} at most, in the order of \`orderBy\`; unknown ones are left out. Null: any.`,
    })
    ids?: readonly string[] | null,
  ) {
    return loadVmPage(loaders, toVmPageArguments(page, parseVmList(filter ?? null, ids ?? null)));
  }

  @Query(() => VmNic, { nullable: true, description: "The vNIC with this id; null if there is none." })
  vmNic(
    @Arg("id", () => ID, { description: "The vNIC's UUID." }) id: string,
    @Ctx() { loaders }: GraphContext,
  ) {
    return loaders.nicById.load(parseId("id", id));
  }

  @Query(() => [VmNic], {
    nullable: true,
    description:
      "The vNICs that the hypervisor gave one of these MACs, by name; empty if none. MACs need not be unique. Give " +
      "`macAddress` or `macAddresses`. As stored last. Null only beside an error.",
  })
  vmNics(
    @Ctx() { loaders }: GraphContext,
    @Arg("macAddress", () => MACScalar, {
      nullable: true,
      description: "The MAC, in any spelling. Null: `macAddresses` is needed.",
    })
    macAddress?: string | null,
    @Arg("macAddresses", () => [MACScalar], {
      nullable: true,
      description: `Any of these MACs, ${MAX_VALUES} at most; an empty list finds nothing. Null: \`macAddress\` is needed.`,
    })
    macAddresses?: readonly string[] | null,
  ) {
    return loadNicsByMacs(loaders, parseMacs(macAddress ?? null, macAddresses ?? null));
  }

  @Query(() => Host, {
    nullable: true,
    description: "The host with this id, as stored last; null if there is none.",
  })
  host(
    @Arg("id", () => ID, { description: "The host's UUID." }) id: string,
    @Ctx() { loaders }: GraphContext,
  ) {
    return loaders.hostById.load(parseId("id", id));
  }

  @Query(() => [Host], {
    nullable: true,
    description:
      "The hosts that are asked and those that still have VMs, by name; empty if there are none. " +
      "Null only beside an error.",
  })
  hosts(@Ctx() { loaders }: GraphContext) {
    return loaders.loadHosts();
  }
}
