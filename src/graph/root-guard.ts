import { defaultFieldResolver, type GraphQLFieldResolver, type GraphQLSchema } from "graphql";
import type { GraphContext, Viewer } from "./context.js";
import { createGraphError } from "./errors.js";
import type { Role } from "../model/roles.js";
import { ROOT_FIELD_ROLES } from "./roles.js";

/** Adds the check of {@link ROOT_FIELD_ROLES} to every root field. Throws if a field has no role there. */
export function guardRootFields(schema: GraphQLSchema): GraphQLSchema {
  for (const type of [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]) {
    for (const field of Object.values(type?.getFields() ?? {})) {
      const fieldPath = `${type?.name ?? ""}.${field.name}`;
      const role = ROOT_FIELD_ROLES[fieldPath];
      if (role === undefined) throw new Error(`${fieldPath} has no role; add it to ROOT_FIELD_ROLES`);
      field.resolve = guardResolver(field.resolve ?? defaultFieldResolver, role, fieldPath);
      if (field.subscribe !== undefined) field.subscribe = guardResolver(field.subscribe, role, fieldPath);
    }
  }
  return schema;
}

/** Tells whether the viewer may ask the root field, such as `Query.vm`. */
export function mayAsk(viewer: Pick<Viewer, "roles">, fieldPath: string): boolean {
  const role = ROOT_FIELD_ROLES[fieldPath];
  return role !== undefined && hasRole(viewer, role);
}

/** Tells whether the viewer has the role. An operator may read, too; no other role includes another. */
function hasRole({ roles }: Pick<Viewer, "roles">, role: Role): boolean {
  return roles.has(role) || (role === "reader" && roles.has("operator"));
}

type Resolver = GraphQLFieldResolver<unknown, GraphContext>;

function guardResolver(resolve: Resolver, role: Role, fieldPath: string): Resolver {
  return (source, args, context, info) => {
    if (hasRole(context.viewer, role)) return resolve(source, args, context, info);
    throw createGraphError("FORBIDDEN", `${fieldPath} needs the role ${role}`);
  };
}
