import { Ctx, Query, Resolver } from "type-graphql";
import type { GraphContext } from "../context.js";

/** The query for the cursor at which changes after an answer begin. */
@Resolver()
export class ChangeCursorQuery {
  @Query(() => String, {
    nullable: true,
    description:
      "The cursor behind all changes of VMs that this answer shows: all fields of a request see one state. " +
      "`guestNetworkChanged(after: …)` goes on from here, loses nothing and repeats nothing. As old as the rest of the answer. " +
      "It says how many transactions there were, as each event's cursor does, and nothing of a VM, whatever the viewer's scope. " +
      "Null with `SOURCE=engine`, where no changes are kept; else only beside an error, such as in the moment after a copy of the database took over.",
  })
  changeCursor(@Ctx() { loaders }: GraphContext) {
    return loaders.loadChangeCursor();
  }
}
