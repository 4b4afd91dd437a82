import { lexicographicSortSchema, printSchema } from "graphql";
import { asSubgraph } from "./federation/federation.js";
import { typeGraph, type Federation } from "./schema.js";

/** The schema as text, sorted, the same on every run; as a subgraph with the directives that a composer needs. */
export function printGraphSchema(federation: Federation = "off"): string {
  const schema = typeGraph();
  return federation === "off"
    ? `${printSchema(lexicographicSortSchema(schema))}\n`
    : asSubgraph(schema, federation).sdl;
}
