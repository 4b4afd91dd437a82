import { Field, InputType } from "type-graphql";
import type { Cidr, IpFamily } from "../../../model/address/cidr.js";
import { IpFamilyEnum } from "../../types/enums.js";
import { CidrScalar, IPScalar } from "../../types/scalars.js";

/** How a text is compared. */
@InputType("TextFilter", {
  description:
    "Texts that meet all that is given, upper and lower case alike. Null is the same as not given.",
})
export class TextFilterInput {
  @Field(() => String, { nullable: true, description: "The whole text." })
  readonly eq?: string | null;

  @Field(() => String, {
    nullable: true,
    description: "A part of the text; `%`, `_` and `*` mean themselves.",
  })
  readonly contains?: string | null;

  @Field(() => String, { nullable: true, description: "What the text begins with." })
  readonly startsWith?: string | null;
}

/** Which addresses are meant. */
@InputType("AddressFilter", {
  description:
    "Addresses that meet all that is given. An IPv4 address that is mapped into IPv6 (`::ffff:10.1.2.3`) is the same as " +
    "the IPv4 address. Null is the same as not given.",
})
export class AddressFilterInput {
  @Field(() => IPScalar, { nullable: true, description: "Exactly this address, in any spelling." })
  readonly eq?: string | null;

  @Field(() => CidrScalar, {
    nullable: true,
    description:
      "Any address in this prefix. One of IPv4 has its addresses mapped into IPv6, too; of a shorter one than `::ffff:0:0/96`, as " +
      "`::/0`, addresses of IPv4 are only those that a guest reports mapped.",
  })
  readonly inCidr?: Cidr | null;

  @Field(() => [IPScalar], {
    nullable: true,
    description: "Any of these addresses; an empty list finds nothing.",
  })
  readonly anyOf?: readonly string[] | null;

  @Field(() => IpFamilyEnum, {
    nullable: true,
    description: "Any address of this family; a mapped one is IPv4.",
  })
  readonly family?: IpFamily | null;
}
