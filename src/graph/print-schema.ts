import { lexicographicSortSchema, printSchema } from "graphql";
import { createSubgraph } from "./federation/federation.js";
import { OWN_NAMES, type SubgraphNames } from "../model/subgraph-names.js";
import { buildTypeGraph, type Federation } from "./schema.js";

/**
 * Prints the schema, sorted, so that every run prints the same. As a subgraph it has the directives that a composer
 * needs.
 */
export function printGraphSchema(federation: Federation = "off", names: SubgraphNames = OWN_NAMES): string {
  const schema = buildTypeGraph();
  return federation === "off"
    ? `${printSchema(lexicographicSortSchema(schema))}\n`
    : createSubgraph(schema, federation, names).printSdl();
}
