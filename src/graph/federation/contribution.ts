import { GraphQLSchema, isObjectType } from "graphql";

/**
 * Leaves of VMs and vNICs their keys and what only we know, and no root field. A graph that already has `Vm.name` or
 * `Query.vms` composes with it as it is. Changes the schema given, which must be used no more.
 */
export function keepOwnContribution(whole: GraphQLSchema): GraphQLSchema {
  const types = Object.entries(CONTRIBUTED).map(([name, kept]) => {
    const type = whole.getType(name);
    if (!isObjectType(type)) throw new Error(`${name} is no object type`);
    const fields = type.getFields();
    // The fields are taken out of this object and it is not made anew, because other types refer to it.
    for (const field of Object.keys(fields)) if (!kept.includes(field)) Reflect.deleteProperty(fields, field);
    return type;
  });
  return new GraphQLSchema({ types });
}

const CONTRIBUTED: Readonly<Record<string, readonly string[]>> = {
  Vm: ["id", "guestInfo"],
  VmNic: ["id", "guestInterface", "guestInterfaces", "primaryAddress", "missingReason", "probableInterface"],
};
