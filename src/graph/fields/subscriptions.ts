import { Arg, FieldResolver, ID, Resolver, Root, Subscription } from "type-graphql";
import { showDifferences } from "../../loaders/past/differences.js";
import type { GuestEvent } from "../../loaders/guest-events.js";
import { toPastVm } from "../../loaders/past/past-vm.js";
import type { FoundAddress } from "../../loaders/interfaces/primary-address.js";
import type { Cidr, IpFamily } from "../../model/address/cidr.js";
import { parseId } from "../arguments/arguments.js";
import { followAddress, followGuests } from "../arguments/follow/follow-guests.js";
import type { GraphContext } from "../context.js";
import { GuestNetworkDifference } from "../types/difference-types.js";
import { IpFamilyEnum } from "../types/enums.js";
import { GuestNetworkEvent, GuestNetworkFilter } from "../types/event-types.js";
import { PrimaryAddress, Vm } from "../types/object-types.js";
import { CidrScalar } from "../types/scalars.js";

/** The root fields of subscriptions. `subscribe` creates each stream; the field returns each of its values as it is. */
@Resolver()
export class Subscriptions {
  @Subscription(() => GuestNetworkEvent, {
    nullable: true,
    subscribe: ({
      args,
      context,
    }: Subscribing<{ filter?: GuestNetworkFilter | null; after?: string | null }>) =>
      followGuests(context, args.filter ?? null, args.after ?? null),
    description:
      "The state of the VMs that the filter names, one by one, and then each of their changes, as soon as a look at a host " +
      "shows it. With `after`: only the changes behind that cursor; nothing is lost, and nothing comes twice. For a viewer " +
      "with a scope, a VM that leaves the scope is gone, and one that comes into it is new. Null only beside an error.",
  })
  guestNetworkChanged(
    @Root() event: GuestEvent,
    @Arg("filter", () => GuestNetworkFilter, {
      nullable: true,
      description: "Which VMs and changes; null means all.",
    })
    _filter?: GuestNetworkFilter | null,
    @Arg("after", () => String, {
      nullable: true,
      description:
        "The cursor of the last event that the client has; `now`: only changes from now on. Null: the state comes first. A " +
        "cursor that is too old, or of another database, is refused with CURSOR_LOST: subscribe without it.",
    })
    _after?: string | null,
  ): GuestEvent {
    return event;
  }

  @Subscription(() => PrimaryAddress, {
    nullable: true,
    subscribe: ({ args, context }: Subscribing<AddressArguments>) =>
      followAddress(context, parseId("vmId", args.vmId), {
        family: args.family ?? null,
        within: args.within ?? null,
      }),
    description:
      "The first address by which to reach the guest, at once if there is one, and then it completes. Waits for a VM that " +
      "is not stored yet. Addresses that do not reach beyond their link do not count. Null only beside an error.",
  })
  vmAddressReady(
    @Root() address: FoundAddress,
    @Arg("vmId", () => ID, { description: "The VM's UUID." }) _vmId: string,
    @Arg("family", () => IpFamilyEnum, {
      nullable: true,
      description: "Only an address of this family. Null: of either.",
    })
    _family?: IpFamily | null,
    @Arg("within", () => CidrScalar, {
      nullable: true,
      description: "Only an address in this prefix. Null: anywhere.",
    })
    _within?: Cidr | null,
  ): FoundAddress {
    return address;
  }
}

/** What `subscribe` gets. TypeGraphQL passes the arguments as graphql-js has coerced them. */
interface Subscribing<Arguments> {
  readonly args: Arguments;
  readonly context: GraphContext;
}

interface AddressArguments {
  readonly vmId: string;
  readonly family?: IpFamily | null;
  readonly within?: Cidr | null;
}

/** Links from an event. */
@Resolver(() => GuestNetworkEvent)
export class GuestNetworkEventFields {
  @FieldResolver(() => Vm, {
    nullable: true,
    description:
      "The VM as it was after the event, or before it if the subscriber does not see it any more. Null only beside an error.",
  })
  vm(@Root() { before, after }: GuestEvent) {
    return toShown(after ?? before);
  }

  @FieldResolver(() => [GuestNetworkDifference], {
    description: "What changed, each thing by itself. Empty for a state.",
  })
  changes(@Root() { kind, before, after }: GuestEvent) {
    return kind === "STATE" ? [] : showDifferences(before, after);
  }

  @FieldResolver(() => Vm, {
    nullable: true,
    description: "The VM as the subscriber saw it before the change. Null: not at all, and for a state.",
  })
  before(@Root() { before }: GuestEvent) {
    return toShown(before);
  }

  @FieldResolver(() => Vm, {
    nullable: true,
    description: "The VM as the subscriber sees it since the event. Null: not any more.",
  })
  after(@Root() { after }: GuestEvent) {
    return toShown(after);
  }
}

function toShown(version: GuestEvent["after"]) {
  return version === null ? null : toPastVm(version);
}
