import { GraphQLObjectType, GraphQLSchema, type GraphQLFieldConfigMap } from "graphql";
import { OWN_NAMES, type SubgraphNames } from "../../model/subgraph-names.js";
import type { GraphContext } from "../context.js";
import { listImplementations } from "./implementations.js";
import { keepOwnContribution } from "./contribution.js";
import { createEntityFields, createEntityReaders } from "./entities.js";
import { renameTypes } from "./rename-types.js";
import { printSubgraph } from "./subgraph-sdl.js";

/** `whole`: this graph owns VMs, vNICs and hosts. `contribute`: another graph owns them, and this one adds the guests. */
export type SubgraphShape = "whole" | "contribute";

/** A schema, and what a composer reads of it, which is printed when somebody asks. */
export interface Subgraph {
  readonly schema: GraphQLSchema;
  readonly printSdl: () => string;
}

/**
 * Creates the schema as a subgraph of Federation 2, with `_service` and `_entities`. Written here because
 * @apollo/subgraph brings a package under the Elastic License with it, and because a subgraph needs no more than keys
 * and one resolver. `names` are for what is contributed; the whole graph keeps its own.
 */
export function createSubgraph(
  whole: GraphQLSchema,
  shape: SubgraphShape,
  names: SubgraphNames = OWN_NAMES,
): Subgraph {
  const part = shape === "whole" ? whole : renameTypes(keepOwnContribution(whole), names);
  let sdl: string | null = null;
  const printSdl = (): string =>
    (sdl ??= printSubgraph(part, shape === "whole" ? WHOLE_DIRECTIVES : listKeys(names)));
  const { query, mutation, subscription, types } = part.toConfig();
  const fields: GraphQLFieldConfigMap<unknown, GraphContext> = {
    ...query?.toConfig().fields,
    ...createEntityFields(part, printSdl, createEntityReaders(shape === "whole" ? OWN_NAMES : names)),
  };
  return {
    printSdl,
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
const WHOLE_DIRECTIVES: Readonly<Record<string, string>> = {
  Vm: '@key(fields: "id")',
  VmNic: '@key(fields: "id") @key(fields: "macAddress vm { id }")',
  PageInfo: "@shareable",
};

function listKeys({ entities }: SubgraphNames): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.values(entities).map(({ type, key }) => [type, `@key(fields: "${key}")`]));
}
