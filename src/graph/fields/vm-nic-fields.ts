import { Ctx, FieldResolver, Resolver, Root } from "type-graphql";
import type { Nic } from "../../loaders/rows.js";
import type { GraphContext } from "../context.js";
import { findBestInterfaceOfNic, findInterfacesOfNic } from "../../loaders/interfaces/match.js";
import { loadMissingInterface } from "../../loaders/interfaces/missing-interface.js";
import { viewVm } from "../../loaders/past/vm-view.js";
import { MissingReasonEnum } from "../types/enums.js";
import { NetworkDevice, Vm, VmNic } from "../types/object-types.js";

/** Links from a vNIC. */
@Resolver(() => VmNic)
export class VmNicFields {
  @FieldResolver(() => Vm, {
    nullable: true,
    description:
      "The VM that it belongs to; of a vNIC of the past, the VM as it was then. Null only if that is just gone.",
  })
  vm(@Root() nic: Nic, @Ctx() { loaders }: GraphContext) {
    return viewVm(loaders, nic, nic.vmId).loadVm();
  }

  @FieldResolver(() => NetworkDevice, {
    nullable: true,
    description:
      "The guest's interface with this MAC: the one with an address that reaches beyond its link, else one with any " +
      "address, else the first reported. Null: none has this MAC, or the guest's interfaces are not known.",
  })
  async guestInterface(@Root() nic: Nic, @Ctx() { loaders }: GraphContext) {
    return findBestInterfaceOfNic(nic, await viewVm(loaders, nic, nic.vmId).loadKnownInterfaces());
  }

  @FieldResolver(() => [NetworkDevice], {
    nullable: true,
    description:
      "All of the guest's interfaces with this MAC, the best first: bonds, VLANs and bridges share one. Empty: none " +
      "has it. Null: the guest's interfaces are not known.",
  })
  async guestInterfaces(@Root() nic: Nic, @Ctx() { loaders }: GraphContext) {
    return findInterfacesOfNic(nic, await viewVm(loaders, nic, nic.vmId).loadKnownInterfaces());
  }

  @FieldResolver(() => MissingReasonEnum, {
    nullable: true,
    description:
      "Why the guest shows no interface with this MAC. As fresh as the guest's interfaces. Null: it shows one.",
  })
  async missingReason(@Root() nic: Nic, @Ctx() { loaders }: GraphContext) {
    return (await loadMissingInterface(loaders, nic))?.reason ?? null;
  }

  @FieldResolver(() => NetworkDevice, {
    nullable: true,
    description:
      "Where the guest shows no interface with this MAC: the one that is probably this vNIC all the same, such as a member " +
      "of a bond. As fresh as the guest's interfaces. Null: it shows one, or none is likely.",
  })
  async probableInterface(@Root() nic: Nic, @Ctx() { loaders }: GraphContext) {
    return (await loadMissingInterface(loaders, nic))?.probable ?? null;
  }
}
