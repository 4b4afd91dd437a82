import { Arg, Ctx, FieldResolver, Resolver, Root } from "type-graphql";
import type { GuestInterface, VmRow } from "../../loaders/rows.js";
import type { GraphContext } from "../context.js";
import { findGuestSource } from "../../loaders/interfaces/guest-source.js";
import { findKnownStatus, GuestSourceEnum, StaleReasonEnum, VmStatus } from "../types/enums.js";
import { DateTimeScalar } from "../types/scalars.js";
import { loadNicsAt, loadVmAt } from "../arguments/past/past-instant.js";
import { findNicOfInterface } from "../../loaders/interfaces/match.js";
import { viewVm } from "../../loaders/past/vm-view.js";
import { GuestInfo, Host, NetworkDevice, NULL_ELSEWHERE, Vm, VmNic } from "../types/object-types.js";

const AT = {
  nullable: true,
  description:
    "As it was then, exactly; so is all that leads on from there, but for hosts. From the start of HISTORY_RETENTION on, " +
    "and not in the future. Null: as it is now.",
} as const;

/** Links from a VM. */
@Resolver(() => Vm)
export class VmFields {
  @FieldResolver(() => VmStatus, {
    nullable: true,
    description: `The VM's state, as its host last reported it. ${NULL_ELSEWHERE}`,
  })
  status(@Root() vm: VmRow) {
    return findKnownStatus(VmStatus, vm.status, VmStatus.UNKNOWN);
  }

  @FieldResolver(() => Host, {
    nullable: true,
    description: "The host whose reports of the VM count. Null: runs on none.",
  })
  host(@Root() vm: VmRow, @Ctx() { loaders }: GraphContext) {
    return vm.hostId === null ? null : loaders.hostById.load(vm.hostId);
  }

  @FieldResolver(() => Host, {
    nullable: true,
    description:
      "Another host that says that it runs the VM, too, though its reports do not count. As of the last look at it. Null: " +
      "none does, of the past, or an engine asks the hosts.",
  })
  otherHost(@Root() { contenderId }: VmRow, @Ctx() { loaders }: GraphContext) {
    return contenderId == null ? null : loaders.hostById.load(contenderId);
  }

  @FieldResolver(() => [VmNic], {
    nullable: true,
    description:
      "The VM's virtual NICs, by name; empty if it has none. Null: not known, no host has reported them yet, or the VM was " +
      `not known at that time. Read again when the VM's devices changed. ${NULL_ELSEWHERE}`,
  })
  nics(
    @Root() vm: VmRow,
    @Ctx() { loaders }: GraphContext,
    @Arg("at", () => DateTimeScalar, AT) at?: Date | null,
  ) {
    return loadNicsAt(loaders, vm, at ?? null);
  }

  @FieldResolver(() => GuestInfo, {
    nullable: true,
    description:
      "What the guest says of itself, with its age. Null: the VM was not known at that time. " +
      NULL_ELSEWHERE,
  })
  guestInfo(
    @Root() vm: VmRow,
    @Ctx() { loaders }: GraphContext,
    @Arg("at", () => DateTimeScalar, AT) at?: Date | null,
  ) {
    return loadVmAt(loaders, vm, at ?? null);
  }
}

/** Links from a guest; the row behind it is its VM's. */
@Resolver(() => GuestInfo)
export class GuestInfoFields {
  @FieldResolver(() => [NetworkDevice], {
    nullable: true,
    description:
      "The guest's network interfaces, in reported order, of hosts that the gateway polls those that it had before first, " +
      "also several with one name or MAC. Those that the gateway is set to ignore are left out: veth, unless set otherwise. So are loopback addresses, and interfaces that have no " +
      "others. Null: not known; empty: none.",
  })
  networkDevices(@Root() vm: VmRow, @Ctx() { loaders }: GraphContext) {
    return viewVm(loaders, vm, vm.id).loadKnownInterfaces();
  }

  @FieldResolver(() => Boolean, {
    description:
      "Whether this is older than it should be: what the guest said last, not what it says now. Of the past, outages of " +
      "hosts are not kept.",
  })
  stale(@Root() vm: VmRow) {
    return vm.staleReason !== null;
  }

  @FieldResolver(() => StaleReasonEnum, {
    nullable: true,
    description: "Why it is stale. Null if it is current.",
  })
  staleReason(@Root() vm: VmRow) {
    return vm.staleReason;
  }

  @FieldResolver(() => GuestSourceEnum, {
    nullable: true,
    description:
      "How the guest's agent reported this, when it last did. Null: it reported nothing, or the VM does not run.",
  })
  source(@Root() vm: VmRow) {
    return findGuestSource(vm);
  }

  @FieldResolver(() => String, {
    nullable: true,
    description:
      "What of the last report could not be read, in words: fields and reasons. Null if all of it could, if the data are " +
      "current, or if an engine asks the hosts.",
  })
  staleDetail(@Root() vm: VmRow) {
    return vm.staleReason === null ? null : vm.staleDetail;
  }
}

/** Links from an interface inside a guest. */
@Resolver(() => NetworkDevice)
export class NetworkDeviceFields {
  @FieldResolver(() => VmNic, {
    nullable: true,
    description:
      "The VM's vNIC with the same MAC. Null if there is none: the guest made the interface itself.",
  })
  async vmNic(@Root() device: GuestInterface, @Ctx() { loaders }: GraphContext) {
    return findNicOfInterface(device, await viewVm(loaders, device, device.vmId).loadNics());
  }
}
