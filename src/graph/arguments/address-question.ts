import { mayHaveFamily, type Cidr, type IpFamily } from "../../model/address/cidr.js";
import type { PrimaryAddressQuestion } from "../../model/address/primary-address.js";
import { createGraphError } from "../errors.js";
import { parseText } from "./arguments.js";

/** The arguments of `primaryAddress`, as the schema coerces them. */
export interface AddressArguments {
  readonly family?: IpFamily | null | undefined;
  readonly network?: string | null | undefined;
  readonly within?: Cidr | null | undefined;
}

/**
 * Makes the question of the arguments. Throws a GraphQLError if the network is no text that a network can have, or if the prefix has no
 * address of the family.
 */
export function parseAddressQuestion({ family, network, within }: AddressArguments): PrimaryAddressQuestion {
  if (family != null && within != null && !mayHaveFamily(within, family)) {
    throw createGraphError(
      "BAD_USER_INPUT",
      "within: the prefix has no address of this family; leave one of them out",
    );
  }
  const name = network == null ? null : parseText("network", network);
  return { family: family ?? null, network: name, within: within ?? null };
}
