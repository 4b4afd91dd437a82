import { Field, ID, InputType, ObjectType, registerEnumType } from "type-graphql";
import type { DifferenceKind } from "../../loaders/past/differences.js";
import type { Cidr } from "../../model/address/cidr.js";
import { DifferenceKindEnum } from "./difference-types.js";
import { CidrScalar, DateTimeScalar } from "./scalars.js";

/** The kinds of events. */
export const GuestNetworkEventKindEnum = { STATE: "STATE", CHANGE: "CHANGE" } as const;

registerEnumType(GuestNetworkEventKindEnum, {
  name: "GuestNetworkEventKind",
  description: "The kind of an event.",
  valuesConfig: {
    STATE: { description: "How a VM is, at the beginning of a subscription without a cursor." },
    CHANGE: { description: "That a VM changed." },
  },
});

/** Which VMs and changes a client follows. */
@InputType({
  description:
    "Which VMs and changes: those that meet all that is given. Null is the same as not given. A VM that met it before a " +
    "change counts for that change, too, so that a subscriber hears of its leaving.",
})
export class GuestNetworkFilter {
  @Field(() => [ID], { nullable: true, description: "Any of these VMs, by UUID; 500 at most." })
  readonly vmIds?: readonly string[] | null;

  @Field(() => String, {
    nullable: true,
    description:
      "The VM's whole name; `*` stands for any characters, `?` for one. Upper and lower case differ.",
  })
  readonly namePattern?: string | null;

  @Field(() => ID, { nullable: true, description: "The UUID of the host that runs it." })
  readonly hostId?: string | null;

  @Field(() => String, {
    nullable: true,
    description: "The name of a network that one of its vNICs is on, in any case.",
  })
  readonly network?: string | null;

  @Field(() => CidrScalar, { nullable: true, description: "An address of the guest is in this prefix." })
  readonly inCidr?: Cidr | null;

  @Field(() => [DifferenceKindEnum], {
    nullable: true,
    description: "Only changes with a difference of these kinds. States are sent all the same.",
  })
  readonly kinds?: readonly DifferenceKind[] | null;
}

/** What a subscriber receives. Its links are in subscriptions.ts. */
@ObjectType({ simpleResolvers: true, description: "What a subscriber receives about one VM. Never altered." })
export class GuestNetworkEvent {
  @Field(() => GuestNetworkEventKindEnum, { description: "Its kind. Never null." })
  readonly kind!: keyof typeof GuestNetworkEventKindEnum;

  @Field(() => String, {
    description:
      "Where to go on behind this event, to be passed as `after`, on any replica, within HISTORY_RETENTION. Opaque. Until " +
      "the state was sent whole it stands for the beginning. Never null.",
  })
  readonly cursor!: string;

  @Field(() => DateTimeScalar, {
    description: "When the state was read or the change was written, by the database's clock. Never null.",
  })
  readonly at!: Date;

  @Field(() => ID, { description: "The VM's UUID. Never null." })
  readonly vmId!: string;
}
