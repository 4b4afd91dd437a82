import { Arg, Ctx, ID, Int, Query, Resolver } from "type-graphql";
import type { VmOrder } from "../../loaders/rows.js";
import { parseId, DEFAULT_PAGE, MAX_PAGE } from "../arguments/arguments.js";
import type { GraphContext } from "../context.js";
import { VmOrderEnum } from "../types/enums.js";
import { Host, Vm, VmConnection, VmNic } from "../types/object-types.js";
import { MACScalar } from "../types/scalars.js";
import { parseVmFilter } from "../arguments/parse-vm-filter.js";
import { VmFilterInput } from "../arguments/vm-filter.js";
import { loadVmPage } from "../arguments/vm-page.js";

/**
 * Where a query begins. No answer waits for a host: all is read from what was stored last. Every field is nullable: in a
 * federated graph others answer beside us, and one that is not would take their answers along when we fail.
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
    @Arg("first", () => Int, {
      nullable: true,
      defaultValue: DEFAULT_PAGE,
      description: `So many VMs at most, from 1 to ${MAX_PAGE}; null means ${DEFAULT_PAGE}.`,
    })
    first: number | null,
    @Arg("after", () => String, {
      nullable: true,
      description: "Only VMs after this cursor, which must be one of the same order. Null: from the start.",
    })
    after: string | null | undefined,
    @Arg("filter", () => VmFilterInput, { nullable: true, description: "Which VMs; null means all." })
    filter: VmFilterInput | null | undefined,
    @Arg("orderBy", () => VmOrderEnum, {
      nullable: true,
      defaultValue: VmOrderEnum.NAME_ASC,
      description: "The order; null means by name.",
    })
    orderBy: VmOrder | null,
  ) {
    const order = orderBy ?? VmOrderEnum.NAME_ASC;
    return loadVmPage(loaders, { first, after: after ?? null, filter: parseVmFilter(filter ?? null), order });
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
      "The vNICs that the hypervisor gave this MAC, by name; empty if none. MACs need not be unique. " +
      "Null only beside an error.",
  })
  vmNics(
    @Arg("macAddress", () => MACScalar, { description: "The MAC, in any spelling." }) macAddress: string,
    @Ctx() { loaders }: GraphContext,
  ) {
    return loaders.nicsByMac.load(macAddress);
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
