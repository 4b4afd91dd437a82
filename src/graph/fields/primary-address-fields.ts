import { Arg, Ctx, FieldResolver, Resolver, Root } from "type-graphql";
import {
  loadPrimaryAddress,
  loadPrimaryOfNic,
  type FoundAddress,
} from "../../loaders/interfaces/primary-address.js";
import type { Nic, VmRow } from "../../loaders/rows.js";
import type { Cidr, IpFamily } from "../../model/address/cidr.js";
import { parseAddressQuestion } from "../arguments/address-question.js";
import type { GraphContext } from "../context.js";
import { IpFamilyEnum } from "../types/enums.js";
import { GuestInfo, NetworkDevice, PrimaryAddress, VmNic } from "../types/object-types.js";
import { CidrScalar } from "../types/scalars.js";

const FAMILY = { nullable: true, description: "Only an address of this family. Null: of either." } as const;
const WITHIN = { nullable: true, description: "Only an address in this prefix. Null: anywhere." } as const;

/** The address of a guest. */
@Resolver(() => GuestInfo)
export class GuestPrimaryAddressFields {
  @FieldResolver(() => PrimaryAddress, {
    nullable: true,
    description:
      "The address by which to reach the guest. It changes only if a better one comes or this one goes. Null: the guest " +
      "has none that fits, or its addresses are not known.",
  })
  primaryAddress(
    @Root() vm: VmRow,
    @Ctx() { loaders }: GraphContext,
    @Arg("family", () => IpFamilyEnum, FAMILY) family?: IpFamily | null,
    @Arg("network", () => String, {
      nullable: true,
      description: "Addresses of vNICs on the network of this name come first. Null: no network does.",
    })
    network?: string | null,
    @Arg("within", () => CidrScalar, WITHIN) within?: Cidr | null,
  ) {
    return loadPrimaryAddress(loaders, vm, parseAddressQuestion({ family, network, within }));
  }
}

/** The address of a vNIC. */
@Resolver(() => VmNic)
export class VmNicPrimaryAddressFields {
  @FieldResolver(() => PrimaryAddress, {
    nullable: true,
    description:
      "The address by which to reach the guest through this vNIC: that of the guest's interfaces with its MAC. Null: " +
      "they have none that fits, or the guest's interfaces are not known.",
  })
  primaryAddress(
    @Root() nic: Nic,
    @Ctx() { loaders }: GraphContext,
    @Arg("family", () => IpFamilyEnum, FAMILY) family?: IpFamily | null,
    @Arg("within", () => CidrScalar, WITHIN) within?: Cidr | null,
  ) {
    return loadPrimaryOfNic(loaders, nic, parseAddressQuestion({ family, within }));
  }
}

/** Links from an address. */
@Resolver(() => PrimaryAddress)
export class PrimaryAddressFields {
  @FieldResolver(() => NetworkDevice, {
    nullable: true,
    description: "The guest's interface that has it. Null: the guest's agent reports addresses only.",
  })
  device(@Root() { guestInterface }: FoundAddress) {
    return guestInterface;
  }

  @FieldResolver(() => VmNic, {
    nullable: true,
    description: "The vNIC with that interface's MAC. Null: the guest made the interface itself.",
  })
  vmNic(@Root() { nic }: FoundAddress) {
    return nic;
  }
}
