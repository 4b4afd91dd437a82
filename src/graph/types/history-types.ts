import { Field, ID, ObjectType } from "type-graphql";
import { DateTimeScalar, IPScalar, MACScalar } from "./scalars.js";

/** A change of a VM. Its links are in history-fields.ts. */
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

/** One change with its cursor. Its fields are in history-fields.ts. */
@ObjectType({ description: "A change of a VM and its place in the list." })
export class GuestHistoryEdge {}

/** A page of changes. Its other fields are in history-fields.ts. */
@ObjectType({ simpleResolvers: true, description: "One page of the changes of a VM, the newest first." })
export class GuestHistoryConnection {
  @Field(() => DateTimeScalar, {
    description:
      "From when on changes are known: what happened before was not kept. Moves on as old changes are dropped.",
  })
  readonly keptFrom!: Date;
}

/** A time during which a VM had an address. Its links are in address-history-fields.ts. */
@ObjectType({
  simpleResolvers: true,
  description:
    "A time during which a guest had an address on one of its interfaces, as far as its reports show. While a guest is " +
    "silent, it is taken to have what it last reported. Complete up to now.",
})
export class AddressSpan {
  @Field(() => IPScalar, { description: "The address. Never null." })
  readonly address!: string;

  @Field(() => MACScalar, {
    nullable: true,
    description: "The MAC of the interface that had it. Null: the guest reported none.",
  })
  readonly macAddress!: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      "The name of the interface that had it. Null: an old agent reports addresses without interfaces.",
  })
  readonly deviceName!: string | null;

  @Field(() => ID, { description: "The VM's UUID, also of a VM that is not stored any more. Never null." })
  readonly vmId!: string;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description:
      "When the gateway first saw it so; for a viewer with a scope, not before the VM was in the scope. Null: since before " +
      "changes were kept.",
  })
  readonly since!: Date | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description:
      "When the gateway no longer saw it so; for a viewer with a scope, when the VM left the scope if that came first. " +
      "Null: it is so now.",
  })
  readonly until!: Date | null;
}

/** One span with its cursor. Its fields are in address-history-fields.ts. */
@ObjectType({ description: "A time during which a guest had an address, and its place in the list." })
export class AddressHistoryEdge {}

/** A page of spans. Its other fields are in address-history-fields.ts. */
@ObjectType({ simpleResolvers: true, description: "One page of who had an address when, the latest first." })
export class AddressHistoryConnection {
  @Field(() => DateTimeScalar, {
    description:
      "From when on changes are known: what ended before is not kept. Moves on as old changes are dropped.",
  })
  readonly keptFrom!: Date;
}
