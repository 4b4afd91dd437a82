import { lexicographicSortSchema, printSchema } from "graphql";
import { createSubgraph } from "./federation/federation.js";
import { OWN_NAMES, type SubgraphNames } from "../model/subgraph-names.js";
import { buildTypeGraph, type Federation } from "./schema.js";

/** Prints the schema sorted, the same on every run; as a subgraph with the directives that a composer needs. */
export function printGraphSchema(federation: Federation = "off", names: SubgraphNames = OWN_NAMES): string {
  const schema = buildTypeGraph();
  return federation === "off"
    ? `${printSchema(lexicographicSortSchema(schema))}\n`
    : createSubgraph(schema, federation, names).printSdl();
}
