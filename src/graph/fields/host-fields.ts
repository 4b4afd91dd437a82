import { Arg, Ctx, FieldResolver, Int, Resolver, Root } from "type-graphql";
import type { HostRow } from "../../loaders/rows.js";
import { parsePageSize, MAX_PAGE } from "../arguments/arguments.js";
import type { GraphContext } from "../context.js";
import { HostStatus, findKnownStatus } from "../types/enums.js";
import { Host, Vm } from "../types/object-types.js";

/** Links from a host. */
@Resolver(() => Host)
export class HostFields {
  @FieldResolver(() => HostStatus, {
    description: "The host's state, as it was when the host was last asked.",
  })
  status(@Root() host: HostRow) {
    return findKnownStatus(HostStatus, host.status, HostStatus.UNASSIGNED);
  }

  @FieldResolver(() => [Vm], {
    description:
      `The VMs whose reports this host gives, by name, at most ${MAX_PAGE}; empty if it runs none. ` +
      "To page through more: `vms(filter: {hostId: …})`.",
  })
  vms(
    @Root() host: HostRow,
    @Ctx() { loaders }: GraphContext,
    @Arg("first", () => Int, {
      defaultValue: MAX_PAGE,
      nullable: true,
      description: `At most so many, from 1 to ${MAX_PAGE}; null means ${MAX_PAGE}.`,
    })
    first: number | null,
  ) {
    return loaders.getVmsByHost(parsePageSize(first, MAX_PAGE)).load(host.id);
  }
}
