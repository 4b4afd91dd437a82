import { Arg, Ctx, ID, Mutation, Resolver } from "type-graphql";
import { parseId, parseText } from "../arguments/arguments.js";
import { findHostAdmin, type GraphContext } from "../context.js";
import { Host } from "../types/object-types.js";

const HOST_ID = { description: "The host's UUID." };

/** What an operator may do. The guests' data come from the hosts alone and are never written here. */
@Resolver()
export class Mutations {
  @Mutation(() => Host, {
    nullable: true,
    description:
      "Asks a host now and answers it as it is afterwards, whether that went well or not. Null: no such host.",
  })
  async refreshHost(@Arg("id", () => ID, HOST_ID) id: string, @Ctx() context: GraphContext) {
    const admin = findHostAdmin(context);
    const host = await loadHost(context, id);
    if (host === null) return null;
    // A pass may take long, so the loaders give their snapshot of the database back first.
    context.loaders.forget();
    return loadHostAfter(context, host.id, admin.refreshHost(host.id));
  }

  @Mutation(() => Host, {
    nullable: true,
    description:
      "Starts to poll a host; one that is polled already stays as it is. Its VMs follow with its first answer. " +
      "Null only beside an error.",
  })
  async addHost(
    @Arg("address", () => String, {
      description: "`host` or `host:port`; an IPv6 address in brackets. The port is 54321 unless given.",
    })
    address: string,
    @Ctx() context: GraphContext,
  ) {
    const id = await findHostAdmin(context).addHost(parseText("address", address));
    return loadHostAfter(context, id, Promise.resolve());
  }

  @Mutation(() => Host, {
    nullable: true,
    description:
      "Stops to poll a host and answers it as it was. What it last reported stays readable, as stale. Null: no such host.",
  })
  async removeHost(@Arg("id", () => ID, HOST_ID) id: string, @Ctx() context: GraphContext) {
    const admin = findHostAdmin(context);
    const host = await loadHost(context, id);
    if (host === null) return null;
    context.loaders.forget();
    await admin.removeHost(host.id);
    context.loaders.forget();
    return host;
  }
}

function loadHost({ loaders }: GraphContext, id: string) {
  return loaders.hostById.load(parseId("id", id));
}

/** Loads the host after the work is done. What the loaders read before is forgotten first. */
async function loadHostAfter({ loaders }: GraphContext, hostId: string, work: Promise<void>) {
  await work;
  loaders.forget();
  return loaders.hostById.load(hostId);
}
