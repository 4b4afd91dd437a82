import { isObjectType, type GraphQLNamedType } from "graphql";

/** Lists the types that implement an interface. A schema must name them, because no field has their type. */
export function listImplementations(types: Iterable<GraphQLNamedType>): GraphQLNamedType[] {
  return [...types].filter((type) => isObjectType(type) && type.getInterfaces().length > 0);
}
