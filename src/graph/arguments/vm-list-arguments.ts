import { ArgsType, Field, Int } from "type-graphql";
import type { VmFilter, VmOrder } from "../../loaders/rows.js";
import { VmOrderEnum } from "../types/enums.js";
import { DEFAULT_PAGE, MAX_PAGE } from "./arguments.js";
import type { VmPageArguments } from "./vm-page.js";

/** Which page of a list of VMs a client wants, in which order. */
@ArgsType()
export class VmListArguments {
  @Field(() => Int, {
    nullable: true,
    description: `So many VMs at most, from 1 to ${MAX_PAGE}; null means ${DEFAULT_PAGE}, or all of the \`ids\`.`,
  })
  readonly first?: number | null;

  @Field(() => String, {
    nullable: true,
    description: "Only VMs after this cursor, which must be one of the same order. Null: from the start.",
  })
  readonly after?: string | null;

  @Field(() => VmOrderEnum, {
    nullable: true,
    defaultValue: VmOrderEnum.NAME_ASC,
    description: "The order; null means by name.",
  })
  readonly orderBy?: VmOrder | null;
}

/** Joins what is asked of a page with which VMs are meant. */
export function toVmPageArguments(asked: VmListArguments, filter: VmFilter): VmPageArguments {
  const { first, after, orderBy } = asked;
  return {
    first: first ?? (filter.ids === undefined ? null : Math.max(1, filter.ids.length)),
    after: after ?? null,
    filter,
    order: orderBy ?? VmOrderEnum.NAME_ASC,
  };
}
