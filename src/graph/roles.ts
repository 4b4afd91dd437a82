import { defaultFieldResolver, type GraphQLFieldResolver, type GraphQLSchema } from "graphql";
import type { GraphContext, Viewer } from "./context.js";
import { graphError } from "./errors.js";

/** What a viewer may be. `metrics` opens nothing here; the server asks for it at `/metrics`. */
export type Role = "reader" | "operator" | "router" | "metrics";

/** Who may ask each root field, and so all that hangs below it. A field that is not listed does not get into a schema. */
export const ROOT_FIELD_ROLES: Readonly<Record<string, Role>> = {
  "Query.vm": "reader",
  "Query.vms": "reader",
  "Query.vmNic": "reader",
  "Query.vmNics": "reader",
  "Query.hosts": "reader",
  "Query._entities": "router",
  "Query._service": "router",
  "Mutation.refreshHost": "operator",
  "Mutation.addHost": "operator",
  "Mutation.removeHost": "operator",
};

/** Puts the rule of {@link ROOT_FIELD_ROLES} in front of every root field; fails if one has no rule. */
export function guardRootFields(schema: GraphQLSchema): GraphQLSchema {
  for (const type of [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]) {
    for (const field of Object.values(type?.getFields() ?? {})) {
      const place = `${type?.name ?? ""}.${field.name}`;
      const role = ROOT_FIELD_ROLES[place];
      if (role === undefined) throw new Error(`${place} has no role; add it to ROOT_FIELD_ROLES`);
      field.resolve = guarded(field.resolve ?? defaultFieldResolver, role, place);
      if (field.subscribe !== undefined) field.subscribe = guarded(field.subscribe, role, place);
    }
  }
  return schema;
}

/** An operator may read, too; no other role includes another. */
function hasRole({ roles }: Viewer, role: Role): boolean {
  return roles.has(role) || (role === "reader" && roles.has("operator"));
}

type Resolver = GraphQLFieldResolver<unknown, GraphContext>;

function guarded(resolve: Resolver, role: Role, place: string): Resolver {
  return (source, args, context, info) => {
    if (hasRole(context.viewer, role)) return resolve(source, args, context, info);
    throw graphError("FORBIDDEN", `${place} needs the role ${role}`);
  };
}
