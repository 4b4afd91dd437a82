import { Ctx, FieldResolver, Resolver, Root } from "type-graphql";
import {
  findAddressLists,
  findDevices,
  findHostIds,
  findNames,
  findNics,
  findStatuses,
  loadHost,
  type ShownDifference,
} from "../../loaders/past/differences.js";
import { findStaleReason } from "../../loaders/past/past-vm.js";
import { guessDeviceType } from "../../model/guest/device-type.js";
import type { GraphContext } from "../context.js";
import {
  AddressDifference,
  AddressListDifference,
  DeviceTypeEnum,
  HostDifference,
  NameDifference,
  NetworkDeviceDifference,
  StalenessDifference,
  StatusDifference,
  VmNicDifference,
} from "../types/difference-types.js";
import { findKnownStatus, StaleReasonEnum, VmStatus } from "../types/enums.js";
import { Host, NetworkDevice, VmNic } from "../types/object-types.js";
import { IPScalar } from "../types/scalars.js";

/** The names in a difference. */
@Resolver(() => NameDifference)
export class NameDifferenceFields {
  @FieldResolver(() => String, { nullable: true, description: "The name before. Null: none was known." })
  nameBefore(@Root() difference: ShownDifference) {
    return findNames(difference)[0];
  }

  @FieldResolver(() => String, { nullable: true, description: "The name after. Null: none is known." })
  nameAfter(@Root() difference: ShownDifference) {
    return findNames(difference)[1];
  }
}

/** The states in a difference. */
@Resolver(() => StatusDifference)
export class StatusDifferenceFields {
  @FieldResolver(() => VmStatus, { description: "The state before. Never null." })
  statusBefore(@Root() difference: ShownDifference) {
    return findKnownStatus(VmStatus, findStatuses(difference)[0] ?? VmStatus.UNKNOWN, VmStatus.UNKNOWN);
  }

  @FieldResolver(() => VmStatus, { description: "The state after. Never null." })
  statusAfter(@Root() difference: ShownDifference) {
    return findKnownStatus(VmStatus, findStatuses(difference)[1] ?? VmStatus.UNKNOWN, VmStatus.UNKNOWN);
  }
}

/** The hosts in a difference. */
@Resolver(() => HostDifference)
export class HostDifferenceFields {
  @FieldResolver(() => Host, {
    nullable: true,
    description: "The host before, as it is now. Null: none ran the VM.",
  })
  hostBefore(@Root() difference: ShownDifference, @Ctx() { loaders }: GraphContext) {
    return loadHost(loaders, findHostIds(difference)[0]);
  }

  @FieldResolver(() => Host, {
    nullable: true,
    description: "The host after, as it is now. Null: none runs the VM.",
  })
  hostAfter(@Root() difference: ShownDifference, @Ctx() { loaders }: GraphContext) {
    return loadHost(loaders, findHostIds(difference)[1]);
  }
}

/** The reasons in a difference. */
@Resolver(() => StalenessDifference)
export class StalenessDifferenceFields {
  @FieldResolver(() => StaleReasonEnum, {
    nullable: true,
    description: "Why the data were stale before. Null: they were current.",
  })
  staleReasonBefore(@Root() { before }: ShownDifference) {
    return before && findStaleReason(before);
  }

  @FieldResolver(() => StaleReasonEnum, {
    nullable: true,
    description: "Why the data are stale after. Null: they are current.",
  })
  staleReasonAfter(@Root() { after }: ShownDifference) {
    return after && findStaleReason(after);
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: "What of the report after the change cannot be read, in words. Null: all of it can.",
  })
  staleDetailAfter(@Root() { after }: ShownDifference) {
    return after && after.staleDetail;
  }
}

/** The interfaces in a difference. */
@Resolver(() => NetworkDeviceDifference)
export class NetworkDeviceDifferenceFields {
  @FieldResolver(() => NetworkDevice, {
    nullable: true,
    description: "The interface before. Null: it appeared.",
  })
  deviceBefore(@Root() difference: ShownDifference) {
    return findDevices(difference)[0];
  }

  @FieldResolver(() => NetworkDevice, {
    nullable: true,
    description: "The interface after. Null: it disappeared.",
  })
  deviceAfter(@Root() difference: ShownDifference) {
    return findDevices(difference)[1];
  }

  @FieldResolver(() => DeviceTypeEnum, {
    nullable: true,
    description: "What kind of interface it is, as far as its name shows. Null: a plain one, or not known.",
  })
  deviceType(@Root() difference: ShownDifference) {
    const [before, after] = findDevices(difference);
    return guessDeviceType((after ?? before)?.name ?? null);
  }
}

/** The address in a difference. */
@Resolver(() => AddressDifference)
export class AddressDifferenceFields {
  @FieldResolver(() => IPScalar, { description: "The address that the guest got or lost. Never null." })
  address(@Root() { difference }: ShownDifference) {
    return "address" in difference ? difference.address : null;
  }

  @FieldResolver(() => NetworkDevice, {
    nullable: true,
    description:
      "The interface that has it, or had it; as it is after the change, if it is there then. Null: an old agent tells " +
      "addresses without interfaces.",
  })
  device(@Root() difference: ShownDifference) {
    const [before, after] = findDevices(difference);
    return after ?? before;
  }
}

/** The lists in a difference. */
@Resolver(() => AddressListDifference)
export class AddressListDifferenceFields {
  @FieldResolver(() => [IPScalar], {
    nullable: true,
    description: "The list before. Null: not known, or empty.",
  })
  ipsBefore(@Root() difference: ShownDifference) {
    return findAddressLists(difference)[0];
  }

  @FieldResolver(() => [IPScalar], {
    nullable: true,
    description: "The list after. Null: not known, or empty.",
  })
  ipsAfter(@Root() difference: ShownDifference) {
    return findAddressLists(difference)[1];
  }
}

/** The vNICs in a difference. */
@Resolver(() => VmNicDifference)
export class VmNicDifferenceFields {
  @FieldResolver(() => VmNic, { nullable: true, description: "The vNIC before. Null: it appeared." })
  nicBefore(@Root() difference: ShownDifference) {
    return findNics(difference)[0];
  }

  @FieldResolver(() => VmNic, { nullable: true, description: "The vNIC after. Null: it disappeared." })
  nicAfter(@Root() difference: ShownDifference) {
    return findNics(difference)[1];
  }
}

/** All these resolvers. */
export const DIFFERENCE_FIELDS = [
  NameDifferenceFields,
  StatusDifferenceFields,
  HostDifferenceFields,
  StalenessDifferenceFields,
  NetworkDeviceDifferenceFields,
  AddressDifferenceFields,
  AddressListDifferenceFields,
  VmNicDifferenceFields,
] as const;
