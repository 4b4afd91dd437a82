import { Field, ID, InputType } from "type-graphql";
import type { StaleReason } from "../../../loaders/rows.js";
import { StaleReasonEnum, VmStatus } from "../../types/enums.js";
import { IPScalar, MACScalar } from "../../types/scalars.js";
import { AddressFilterInput, TextFilterInput } from "./filter-inputs.js";

/** Which VMs a client wants. parse-vm-filter.ts parses it. */
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

  @Field(() => ID, {
    nullable: true,
    description: "The VM's own UUID. For several, and for one without a list: `vms(ids:)`, `vm(id:)`.",
  })
  readonly id?: string | null;

  @Field(() => ID, { nullable: true, description: "The UUID of the host that runs it." })
  readonly hostId?: string | null;

  @Field(() => IPScalar, {
    nullable: true,
    description:
      "An address that the guest reports, exactly this one, in any spelling: who has 10.1.2.3? The same address mapped into " +
      "IPv6 is another one here; `address` finds both.",
  })
  readonly ip?: string | null;

  @Field(() => AddressFilterInput, { nullable: true, description: "An address that the guest reports." })
  readonly address?: AddressFilterInput | null;

  @Field(() => Boolean, {
    nullable: true,
    description: "Whether the guest reports any address. `false`: it reports none, or is not known.",
  })
  readonly hasAddress?: boolean | null;

  @Field(() => TextFilterInput, { nullable: true, description: "The VM's name." })
  readonly name?: TextFilterInput | null;

  @Field(() => TextFilterInput, { nullable: true, description: "The guest's full host name." })
  readonly fqdn?: TextFilterInput | null;

  @Field(() => TextFilterInput, {
    nullable: true,
    description: "The name or the address of the host that runs it.",
  })
  readonly host?: TextFilterInput | null;

  @Field(() => MACScalar, {
    nullable: true,
    description:
      "The MAC of an interface, as the guest sees it. It differs from the vNIC's where the guest changed it.",
  })
  readonly guestMacAddress?: string | null;

  @Field(() => MACScalar, {
    nullable: true,
    description: "The MAC that the hypervisor gave one of its vNICs.",
  })
  readonly nicMacAddress?: string | null;

  @Field(() => TextFilterInput, {
    nullable: true,
    description: "The name of an interface inside the guest, such as `eth0`.",
  })
  readonly interfaceName?: TextFilterInput | null;

  @Field(() => TextFilterInput, {
    nullable: true,
    description: "The name of a network that one of its vNICs is on.",
  })
  readonly network?: TextFilterInput | null;

  @Field(() => Boolean, {
    nullable: true,
    description: "Whether the guest's data is older than it should be.",
  })
  readonly stale?: boolean | null;

  @Field(() => [StaleReasonEnum], {
    nullable: true,
    description: "Stale for any of these reasons; an empty list finds nothing.",
  })
  readonly staleReason?: readonly StaleReason[] | null;

  @Field(() => Boolean, {
    nullable: true,
    description:
      "Whether another host than `host` says that it runs the VM, too; that one is `otherHost`. Not with SOURCE=engine.",
  })
  readonly onTwoHosts?: boolean | null;

  @Field(() => [VmFilterInput], {
    nullable: true,
    description: "All of these hold. An empty list holds for every VM.",
  })
  readonly and?: readonly VmFilterInput[] | null;

  @Field(() => [VmFilterInput], {
    nullable: true,
    description: "At least one of these holds. An empty list finds nothing.",
  })
  readonly or?: readonly VmFilterInput[] | null;

  @Field(() => VmFilterInput, { nullable: true, description: "This does not hold, or is not known." })
  readonly not?: VmFilterInput | null;
}
