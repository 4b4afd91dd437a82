import { initGraphQLTada } from "gql.tada";
import type { introspection } from "./schema-types.js";

export type { ResultOf, VariablesOf } from "gql.tada";

/**
 * Types an operation by the schema of the gateway. If a field is removed from `schema.graphql`, the compiler reports it
 * here.
 */
export const graphql = initGraphQLTada<{
  introspection: introspection;
  scalars: { DateTime: string; ID: string; IP: string; IPv4: string; IPv6: string; MAC: string };
}>();
