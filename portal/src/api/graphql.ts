import { initGraphQLTada } from "gql.tada";
import type { introspection } from "./schema-types.js";

export type { ResultOf, VariablesOf } from "gql.tada";

/**
 * Types an operation by the schema of the gateway.
 * A field that goes away from `schema.graphql` is then an error of the compiler here.
 */
export const graphql = initGraphQLTada<{
  introspection: introspection;
  scalars: { DateTime: string; ID: string; IP: string; IPv4: string; IPv6: string; MAC: string };
}>();
