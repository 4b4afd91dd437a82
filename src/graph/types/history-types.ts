import { Field, ObjectType } from "type-graphql";
import { DateTimeScalar } from "./scalars.js";

/** A change of a VM; what leads on from it is in history-fields.ts. */
@ObjectType({
  simpleResolvers: true,
  description:
    "What one look at a host found changed of one VM. Kept for HISTORY_RETENTION, and never altered.",
})
export class GuestNetworkChange {
  @Field(() => DateTimeScalar, {
    description:
      "When it was written, by the database's clock. Who asks for the VM `at` this time gets it as it was after the change. " +
      "Never null.",
  })
  readonly at!: Date;
}

/** One change with its cursor; all its fields are made in history-fields.ts. */
@ObjectType({ description: "A change of a VM and its place in the list." })
export class GuestHistoryEdge {}

/** A page of changes; its other fields are made in history-fields.ts. */
@ObjectType({ simpleResolvers: true, description: "One page of the changes of a VM, the newest first." })
export class GuestHistoryConnection {
  @Field(() => DateTimeScalar, {
    description:
      "From when on changes are known: what happened before was not kept. Moves on as old changes are dropped.",
  })
  readonly keptFrom!: Date;
}
