import { ArgsType, Field, Int } from "type-graphql";
import type { VmFilter, VmOrder } from "../../../loaders/rows.js";
import { VmOrderEnum } from "../../types/enums.js";
import { DEFAULT_PAGE, MAX_PAGE } from "../arguments.js";
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

  @Field(() => Int, {
    nullable: true,
    description:
      `Instead of \`first\`: so many VMs at most from the end, from 1 to ${MAX_PAGE}, in the list's order all the same. ` +
      "Null: from the start.",
  })
  readonly last?: number | null;

  @Field(() => String, {
    nullable: true,
    description: "Only VMs before this cursor, which must be one of the same order. Null: to the end.",
  })
  readonly before?: string | null;

  @Field(() => VmOrderEnum, {
    nullable: true,
    defaultValue: VmOrderEnum.NAME_ASC,
    description: "The order; null means by name.",
  })
  readonly orderBy?: VmOrder | null;
}

/** Joins the arguments of a page with the filter of its VMs. */
export function toVmPageArguments(
  asked: Pick<VmListArguments, keyof VmListArguments>,
  filter: VmFilter,
): VmPageArguments {
  const { first, after, last, before, orderBy } = asked;
  const byDefault = filter.ids === undefined || last != null ? null : Math.max(1, filter.ids.length);
  return {
    first: first ?? byDefault,
    after: after ?? null,
    last: last ?? null,
    before: before ?? null,
    filter,
    order: orderBy ?? VmOrderEnum.NAME_ASC,
  };
}
