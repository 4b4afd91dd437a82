import { GraphQLSchema, isObjectType } from "graphql";

/**
 * Removes all root fields, and of VMs and vNICs all fields but their keys and what only we know. A graph that already
 * has `Vm.name` or `Query.vms` then composes with it. It changes the given schema, which must not be used any more.
 */
export function keepOwnContribution(schema: GraphQLSchema): GraphQLSchema {
  const types = Object.entries(CONTRIBUTED).map(([name, kept]) => {
    const type = schema.getType(name);
    if (!isObjectType(type)) throw new Error(`${name} is no object type`);
    const fields = type.getFields();
    // The fields are removed from this object instead of creating a new one, because other types refer to it.
    for (const field of Object.keys(fields)) if (!kept.includes(field)) Reflect.deleteProperty(fields, field);
    return type;
  });
  return new GraphQLSchema({ types });
}

const CONTRIBUTED: Readonly<Record<string, readonly string[]>> = {
  Vm: ["id", "guestInfo"],
  VmNic: ["id", "guestInterface", "guestInterfaces", "primaryAddress", "missingReason", "probableInterface"],
};
