import { Field, ID, ObjectType, registerEnumType } from "type-graphql";
import { DateTimeScalar } from "./scalars.js";

/** The kinds of a host's events. */
export const HostStateEventKindEnum = { STATE: "STATE", CHANGE: "CHANGE" } as const;

registerEnumType(HostStateEventKindEnum, {
  name: "HostStateEventKind",
  description: "The kind of a host's event.",
  valuesConfig: {
    STATE: { description: "How a host is, at the beginning of a subscription." },
    CHANGE: { description: "That a host is in another state." },
  },
});

/** What a subscriber receives about a host. Its links are in host-subscription.ts. */
@ObjectType({
  simpleResolvers: true,
  description: "What a subscriber receives about one host. Never altered.",
})
export class HostStateEvent {
  @Field(() => HostStateEventKindEnum, { description: "Its kind. Never null." })
  readonly kind!: keyof typeof HostStateEventKindEnum;

  @Field(() => DateTimeScalar, {
    description:
      "When the gateway read it, by the gateway's clock; the state is a second older at most. Never null.",
  })
  readonly at!: Date;

  @Field(() => ID, { description: "The host's UUID. Never null." })
  readonly hostId!: string;
}
