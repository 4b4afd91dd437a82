import { GraphQLObjectType, GraphQLSchema, type GraphQLFieldConfigMap } from "graphql";
import type { GraphContext } from "../context.js";
import { listImplementations } from "./implementations.js";
import { keepOwnContribution } from "./contribution.js";
import { createEntityFields } from "./entities.js";
import { printSubgraph } from "./subgraph-sdl.js";

/** `whole`: this graph owns VMs, vNICs and hosts. `contribute`: another graph owns them, and this one adds the guests. */
export type SubgraphShape = "whole" | "contribute";

/** A schema, and what a composer reads of it. */
export interface Subgraph {
  readonly schema: GraphQLSchema;
  readonly sdl: string;
}

/**
 * Creates the schema as a subgraph of Federation 2, with `_service` and `_entities`. Written here because
 * @apollo/subgraph brings a package under the Elastic License with it, and because a subgraph needs no more than keys
 * and one resolver.
 */
export function createSubgraph(whole: GraphQLSchema, shape: SubgraphShape): Subgraph {
  const part = shape === "whole" ? whole : keepOwnContribution(whole);
  const sdl = printSubgraph(part, DIRECTIVES[shape]);
  const { query, mutation, subscription, types } = part.toConfig();
  const fields: GraphQLFieldConfigMap<unknown, GraphContext> = {
    ...query?.toConfig().fields,
    ...createEntityFields(part, sdl),
  };
  return {
    sdl,
    schema: new GraphQLSchema({
      query: new GraphQLObjectType({
        name: "Query",
        description: query?.description ?? "What a gateway reads of this subgraph.",
        fields,
      }),
      mutation: mutation ?? null,
      subscription: subscription ?? null,
      types: listImplementations(types),
    }),
  };
}

/**
 * The second key of VmNic is for inventories that know MACs but not the engine's ids. It is no part of `contribute`: a key
 * would make `macAddress` and `vm` ours as well, and fail to compose where the owner's MAC is a String.
 */
const DIRECTIVES: Readonly<Record<SubgraphShape, Readonly<Record<string, string>>>> = {
  whole: {
    Vm: '@key(fields: "id")',
    VmNic: '@key(fields: "id") @key(fields: "macAddress vm { id }")',
    PageInfo: "@shareable",
  },
  contribute: { Vm: '@key(fields: "id")', VmNic: '@key(fields: "id")' },
};
