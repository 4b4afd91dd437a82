import { GraphQLObjectType, GraphQLSchema, type GraphQLFieldConfigMap } from "graphql";
import { OWN_NAMES, type SubgraphNames } from "../../model/subgraph-names.js";
import type { GraphContext } from "../context.js";
import { listImplementations } from "./implementations.js";
import { keepOwnContribution } from "./contribution.js";
import { createEntityFields, createEntityReaders } from "./entities.js";
import { renameTypes } from "./rename-types.js";
import { printSubgraph } from "./subgraph-sdl.js";

/**
 * The kind of subgraph. `whole`: it owns VMs, vNICs and hosts. `contribute`: another subgraph owns them, and this one
 * adds the guests.
 */
export type SubgraphShape = "whole" | "contribute";

/** A schema, and the function that prints it for a composer. */
export interface Subgraph {
  readonly schema: GraphQLSchema;
  readonly printSdl: () => string;
}

/**
 * Creates the schema as a subgraph of Federation 2, with `_service` and `_entities`. @apollo/subgraph is not used,
 * because it brings a package under the Elastic License, and a subgraph needs no more than keys and one resolver.
 * `names` renames what is contributed; the whole graph keeps its own names.
 */
export function createSubgraph(
  schema: GraphQLSchema,
  shape: SubgraphShape,
  names: SubgraphNames = OWN_NAMES,
): Subgraph {
  const part = shape === "whole" ? schema : renameTypes(keepOwnContribution(schema), names);
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
 * Directives of the whole graph. The second key of VmNic is for inventories that know MACs but not the engine's ids.
 * `contribute` does not have it: such a key would make `macAddress` and `vm` ours as well, and would not compose if the
 * owner's MAC is a String.
 */
const WHOLE_DIRECTIVES: Readonly<Record<string, string>> = {
  Vm: '@key(fields: "id")',
  VmNic: '@key(fields: "id") @key(fields: "macAddress vm { id }")',
  PageInfo: "@shareable",
};

function listKeys({ entities }: SubgraphNames): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.values(entities).map(({ type, key }) => [type, `@key(fields: "${key}")`]));
}
