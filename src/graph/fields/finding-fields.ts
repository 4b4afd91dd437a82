import { Arg, Args, Ctx, FieldResolver, Query, Resolver, Root } from "type-graphql";
import {
  loadAddressDevice,
  loadAddressNic,
  loadConflictKind,
  loadDriftDevice,
} from "../../loaders/interfaces/address-holder.js";
import type { AddressConflictRow, DriftRow, GuestAddressRow, MacConflictRow } from "../../loaders/rows.js";
import type { Cidr } from "../../model/address/cidr.js";
import { MOST_DRIFT, type DriftKind } from "../../model/guest/drift.js";
import { checkListLength, parseText } from "../arguments/arguments.js";
import {
  listAddressConflicts,
  listDriftRows,
  listGuestAddresses,
  listMacConflicts,
} from "../arguments/pages/finding-lists.js";
import { loadRowPage, RowPageArguments } from "../arguments/pages/row-page.js";
import type { GraphContext } from "../context.js";
import {
  AddressConflict,
  AddressConflictConnection,
  AddressConflictKindEnum,
  Drift,
  DriftConnection,
  DriftKindEnum,
  GuestAddress,
  GuestAddressConnection,
  MacConflict,
  MacConflictConnection,
} from "../types/finding-types.js";
import { NetworkDevice, Vm, VmNic } from "../types/object-types.js";
import { CidrScalar } from "../types/scalars.js";

const NARROW_WITH_ENGINE =
  "Null only beside an error: NOT_AVAILABLE with SOURCE=engine where guests have far more interfaces than a request can look " +
  "at, unless a prefix is given, of /16 or longer for IPv4, of /32 or longer for IPv6.";
const NOT_WITH_LARGE_ENGINE =
  "Null only beside an error: NOT_AVAILABLE with SOURCE=engine where guests have far more interfaces than a request can look at.";

/** Questions about many VMs at once. */
@Resolver()
export class FindingQueries {
  @Query(() => GuestAddressConnection, {
    nullable: true,
    description: `All addresses of all guests in the order of their numbers, IPv4 first, page by page. As stored last. ${NARROW_WITH_ENGINE}`,
  })
  guestAddresses(
    @Ctx() { loaders }: GraphContext,
    @Args(() => RowPageArguments) page: RowPageArguments,
    @Arg("inCidr", () => CidrScalar, {
      nullable: true,
      description: "Only addresses in this prefix; mapped ones are IPv4 addresses. Null: all.",
    })
    inCidr?: Cidr | null,
  ) {
    return loadRowPage(page, listGuestAddresses(loaders, inCidr ?? null));
  }

  @Query(() => AddressConflictConnection, {
    nullable: true,
    description:
      "Addresses that several VMs have which can meet: two of them are on one network, or it is not known on which. In the " +
      "order of their numbers, page by page. Loopback and link-local addresses, 192.0.0.0/29 and those of containers' bridges are left " +
      `out; of guests that report addresses only, those that docker0 and virbr0 usually have. As stored last. ${NARROW_WITH_ENGINE}`,
  })
  addressConflicts(
    @Ctx() { loaders }: GraphContext,
    @Args(() => RowPageArguments) page: RowPageArguments,
    @Arg("within", () => CidrScalar, {
      nullable: true,
      description: "Only addresses in this prefix. Null: all.",
    })
    within?: Cidr | null,
    @Arg("network", () => String, {
      nullable: true,
      description:
        "Only VMs that have the address on the network of this name, in any case, or on an unknown one. Null: on any.",
    })
    network?: string | null,
  ) {
    const name = network == null ? null : parseText("network", network);
    return loadRowPage(page, listAddressConflicts(loaders, { within: within ?? null, network: name }));
  }

  @Query(() => MacConflictConnection, {
    nullable: true,
    description:
      "MACs that the hypervisor gave to vNICs of several VMs, page by page. As stored last. Null only beside an error.",
  })
  macConflicts(@Ctx() { loaders }: GraphContext, @Args(() => RowPageArguments) page: RowPageArguments) {
    return loadRowPage(page, listMacConflicts(loaders));
  }

  @Query(() => DriftConnection, {
    nullable: true,
    description:
      "In what VMs' vNICs and their guests' interfaces do not fit, by VM, page by page; nothing of VMs of which either is " +
      `not known, and at most ${MOST_DRIFT} things of one VM. As of the last look at their hosts. ${NOT_WITH_LARGE_ENGINE}`,
  })
  drift(
    @Ctx() { loaders }: GraphContext,
    @Args(() => RowPageArguments) page: RowPageArguments,
    @Arg("kinds", () => [DriftKindEnum], {
      nullable: true,
      description: "Only these kinds; an empty list finds nothing. Null: all.",
    })
    kinds?: readonly DriftKind[] | null,
  ) {
    return loadRowPage(page, listDriftRows(loaders, kinds == null ? null : checkListLength("kinds", kinds)));
  }
}

const GONE = "The VM. As stored last. Null only if it is just gone.";

/** Links from an address. */
@Resolver(() => GuestAddress)
export class GuestAddressFields {
  @FieldResolver(() => Vm, { nullable: true, description: GONE })
  vm(@Root() { vmId }: GuestAddressRow, @Ctx() { loaders }: GraphContext) {
    return loaders.vmById.load(vmId);
  }

  @FieldResolver(() => NetworkDevice, {
    nullable: true,
    description:
      "The guest's interface that has it, one that is a vNIC first. As stored last. Null: the agent reports addresses only.",
  })
  device(@Root() held: GuestAddressRow, @Ctx() { loaders }: GraphContext) {
    return loadAddressDevice(loaders, held);
  }

  @FieldResolver(() => VmNic, {
    nullable: true,
    description:
      "The vNIC with that interface's MAC. As stored last. Null: the guest made the interface itself.",
  })
  vmNic(@Root() held: GuestAddressRow, @Ctx() { loaders }: GraphContext) {
    return loadAddressNic(loaders, held);
  }
}

/** Links from an address of several VMs. */
@Resolver(() => AddressConflict)
export class AddressConflictFields {
  @FieldResolver(() => AddressConflictKindEnum, {
    description: "Whether it is meant to be shared, by the VMs that `holders` shows. Never null.",
  })
  kind(@Root() conflict: AddressConflictRow, @Ctx() { loaders }: GraphContext) {
    return loadConflictKind(loaders, conflict);
  }

  @FieldResolver(() => [GuestAddress], {
    description: "Who has it: the first 20 VMs by id, each with the interface. As stored last. Never null.",
  })
  holders(@Root() { address, vmIds }: AddressConflictRow): GuestAddressRow[] {
    return vmIds.map((vmId) => ({ address, vmId }));
  }
}

/** Links from a MAC of several VMs. */
@Resolver(() => MacConflict)
export class MacConflictFields {
  @FieldResolver(() => [VmNic], {
    description: "The vNICs that have it, by name. As stored last. Never null.",
  })
  vmNics(@Root() { macAddress }: MacConflictRow, @Ctx() { loaders }: GraphContext) {
    return loaders.nicsByMac.load(macAddress);
  }
}

/** Links from an entry of drift. */
@Resolver(() => Drift)
export class DriftFields {
  @FieldResolver(() => Vm, { nullable: true, description: GONE })
  vm(@Root() { vmId }: DriftRow, @Ctx() { loaders }: GraphContext) {
    return loaders.vmById.load(vmId);
  }

  @FieldResolver(() => VmNic, {
    nullable: true,
    description:
      "The vNIC that the guest does not show. As stored last. Null: it is about an interface without one.",
  })
  vmNic(@Root() { nicId }: DriftRow, @Ctx() { loaders }: GraphContext) {
    return nicId === null ? null : loaders.nicById.load(nicId);
  }

  @FieldResolver(() => NetworkDevice, {
    nullable: true,
    description:
      "The guest's interface that no vNIC is behind, or that probably is the vNIC. As stored last. Null: there is none.",
  })
  device(@Root() row: DriftRow, @Ctx() { loaders }: GraphContext) {
    return loadDriftDevice(loaders, row);
  }
}

/** All these resolvers. */
export const FINDING_FIELDS = [
  FindingQueries,
  GuestAddressFields,
  AddressConflictFields,
  MacConflictFields,
  DriftFields,
] as const;
