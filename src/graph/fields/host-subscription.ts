import { Arg, FieldResolver, ID, Resolver, Root, Subscription } from "type-graphql";
import type { HostStateEvent as HostEvent } from "../../loaders/host-states.js";
import { followHosts } from "../arguments/follow/follow-hosts.js";
import type { GraphContext } from "../context.js";
import { findKnownStatus, HostStatus } from "../types/enums.js";
import { HostStateEvent } from "../types/host-event-types.js";
import { Host } from "../types/object-types.js";

/** How hosts are, as a subscription. */
@Resolver()
class HostSubscription {
  @Subscription(() => HostStateEvent, {
    nullable: true,
    subscribe: ({
      args,
      context,
    }: {
      readonly args: { readonly hostIds?: readonly string[] | null };
      readonly context: GraphContext;
    }) => followHosts(context, args.hostIds ?? null),
    description:
      "How each host is, and then each whose status, error, warning, name, address or polling is another one, within about " +
      "a second. It gives the last state: what ends sooner may not be sent, and after a reconnect the states come first " +
      "again. Hosts are shown to every reader. Null only beside an error.",
  })
  hostStateChanged(
    @Root() event: HostEvent,
    @Arg("hostIds", () => [ID], {
      nullable: true,
      description: "Only these hosts, by UUID; 500 at most. Null: all that are polled or have VMs.",
    })
    _hostIds?: readonly string[] | null,
  ): HostEvent {
    return event;
  }
}

/** Links from an event of a host. */
@Resolver(() => HostStateEvent)
class HostStateEventFields {
  @FieldResolver(() => Host, {
    nullable: true,
    description:
      "The host as it is since the event. Null: it is not polled any more and has no VMs, or beside an error.",
  })
  host(@Root() { after }: HostEvent) {
    return after;
  }

  @FieldResolver(() => HostStatus, {
    nullable: true,
    description:
      "The status before the event; the same where something else changed. Null: of a state, and of a host that was not known.",
  })
  previousStatus(@Root() { before }: HostEvent) {
    return before === null ? null : findKnownStatus(HostStatus, before.status, HostStatus.UNASSIGNED);
  }
}

/** The resolvers of the subscription to hosts. */
export const HOST_SUBSCRIPTION = [HostSubscription, HostStateEventFields] as const;
