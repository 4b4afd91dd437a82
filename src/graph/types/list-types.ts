import { Field, ObjectType } from "type-graphql";

/** Relay's page information. */
@ObjectType({ simpleResolvers: true, description: "Where a page stands in its list." })
export class PageInfo {
  @Field(() => Boolean, {
    description:
      "Whether there is more after `endCursor`; of a page that was asked for with `before`, that there is.",
  })
  readonly hasNextPage!: boolean;

  @Field(() => Boolean, {
    description:
      "Whether there is more before `startCursor`: the page was asked for with `after`, or with `last` and there is.",
  })
  readonly hasPreviousPage!: boolean;

  @Field(() => String, {
    nullable: true,
    description:
      "The first node's cursor, for `before` where there is such an argument; null on an empty page.",
  })
  readonly startCursor!: string | null;

  @Field(() => String, {
    nullable: true,
    description: "The last node's cursor, for `after`; null on an empty page.",
  })
  readonly endCursor!: string | null;
}

/** One VM of a page with its cursor. Its fields are in vm-connection-fields.ts. */
@ObjectType({ description: "A VM and its place in the list." })
export class VmEdge {}

/** A page of VMs. Its fields are in vm-connection-fields.ts. */
@ObjectType({ description: "One page of a list of VMs." })
export class VmConnection {}

/** What a text led to. Its fields are in find-fields.ts. */
@ObjectType({
  description: "What a text leads to. Each list is read only if it is asked for, and as stored last.",
})
export class FindResult {}
