import { Field, ID, InputType } from "type-graphql";
import type { VmFilter } from "../../loaders/rows.js";
import { parseId, parseText } from "./arguments.js";
import { VmStatus } from "../types/enums.js";
import { IPScalar } from "../types/scalars.js";

/** Which VMs a client wants. */
@InputType("VmFilter", {
  description: "Which VMs: those that meet all that is given. Null is the same as not given.",
})
export class VmFilterInput {
  @Field(() => String, {
    nullable: true,
    description: "Part of the VM's name, in any case; `%` and `_` mean themselves.",
  })
  readonly nameContains?: string | null;

  @Field(() => [VmStatus], {
    nullable: true,
    description: "Any of these states; an empty list finds nothing.",
  })
  readonly status?: readonly number[] | null;

  @Field(() => ID, { nullable: true, description: "The UUID of the host that runs it." })
  readonly hostId?: string | null;

  @Field(() => IPScalar, {
    nullable: true,
    description: "An address that the guest reports, exactly this one, in any spelling: who has 10.1.2.3?",
  })
  readonly ip?: string | null;
}

/** The store's question for what the client asked; keys always in the same order. */
export function parseVmFilter(input: VmFilterInput | null): VmFilter {
  return {
    ...(input?.nameContains != null && { nameContains: parseText("nameContains", input.nameContains) }),
    ...(input?.status != null && { statuses: input.status }),
    ...(input?.hostId != null && { hostId: parseId("hostId", input.hostId) }),
    ...(input?.ip != null && { ip: input.ip }),
  };
}
