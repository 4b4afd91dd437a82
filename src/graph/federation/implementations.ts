import { isObjectType, type GraphQLNamedType } from "graphql";

/**
 * Lists the types that implement an interface. A schema has them only if they are named, because no field leads to
 * them.
 */
export function listImplementations(types: Iterable<GraphQLNamedType>): GraphQLNamedType[] {
  return [...types].filter((type) => isObjectType(type) && type.getInterfaces().length > 0);
}
