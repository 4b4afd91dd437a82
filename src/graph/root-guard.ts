import { defaultFieldResolver, type GraphQLFieldResolver, type GraphQLSchema } from "graphql";
import type { GraphContext, Viewer } from "./context.js";
import { createGraphError } from "./errors.js";
import type { Role } from "../model/roles.js";
import { ROOT_FIELD_ROLES } from "./roles.js";

/** Puts the rule of {@link ROOT_FIELD_ROLES} in front of every root field; fails if one has no rule. */
export function guardRootFields(schema: GraphQLSchema): GraphQLSchema {
  for (const type of [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]) {
    for (const field of Object.values(type?.getFields() ?? {})) {
      const place = `${type?.name ?? ""}.${field.name}`;
      const role = ROOT_FIELD_ROLES[place];
      if (role === undefined) throw new Error(`${place} has no role; add it to ROOT_FIELD_ROLES`);
      field.resolve = guardResolver(field.resolve ?? defaultFieldResolver, role, place);
      if (field.subscribe !== undefined) field.subscribe = guardResolver(field.subscribe, role, place);
    }
  }
  return schema;
}

/** Returns `true` if the viewer may ask the root field at `place`, such as `Query.vm`. */
export function mayAsk(viewer: Pick<Viewer, "roles">, place: string): boolean {
  const role = ROOT_FIELD_ROLES[place];
  return role !== undefined && hasRole(viewer, role);
}

/** Returns `true` if the viewer has the role. An operator may read, too; no other role includes another. */
function hasRole({ roles }: Pick<Viewer, "roles">, role: Role): boolean {
  return roles.has(role) || (role === "reader" && roles.has("operator"));
}

type Resolver = GraphQLFieldResolver<unknown, GraphContext>;

function guardResolver(resolve: Resolver, role: Role, place: string): Resolver {
  return (source, args, context, info) => {
    if (hasRole(context.viewer, role)) return resolve(source, args, context, info);
    throw createGraphError("FORBIDDEN", `${place} needs the role ${role}`);
  };
}
