import type { Cidr, IpFamily } from "../../model/address/cidr.js";
import type { PrimaryAddressQuestion } from "../../model/address/primary-address.js";
import { parseText } from "./arguments.js";

/** The arguments of `primaryAddress`, as the schema coerces them. */
export interface AddressArguments {
  readonly family?: IpFamily | null | undefined;
  readonly network?: string | null | undefined;
  readonly within?: Cidr | null | undefined;
}

/** Makes the question of the arguments. Throws a GraphQLError if the network is no text that a network can have. */
export function parseAddressQuestion({ family, network, within }: AddressArguments): PrimaryAddressQuestion {
  const name = network == null ? null : parseText("network", network);
  return { family: family ?? null, network: name, within: within ?? null };
}
