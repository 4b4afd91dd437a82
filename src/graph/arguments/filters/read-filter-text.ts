import { coerceInputValue, GraphQLError, type GraphQLInputType, type GraphQLSchema } from "graphql";
import type { VmFilter, VmSearch } from "../../../loaders/rows.js";
import { FilterTextError } from "../../../model/filter-text-error.js";
import { parseVmFilter } from "./parse-vm-filter.js";
import type { VmFilterInput } from "./vm-filter.js";

/** Reads a filter of VMs that is written as JSON, and that holds beside other conditions; throws {@link FilterTextError}. */
export type ReadFilterText = (text: string, beside: readonly VmSearch[]) => VmFilter;

/**
 * Creates the reader of filters that come as JSON outside of GraphQL, such as for exports. It takes what `vms(filter:)`
 * takes, and refuses what that refuses, as if the conditions beside the filter were in it. It asks for the schema when the first filter comes.
 */
export function createFilterTextReader(getSchema: () => GraphQLSchema): ReadFilterText {
  let type: GraphQLInputType | null = null;
  return (text, beside) => {
    type ??= findFilterType(getSchema());
    try {
      return parseVmFilter(coerce(parseJson(text), type), beside);
    } catch (error) {
      if (error instanceof GraphQLError) throw new FilterTextError(error.message, { cause: error });
      throw error;
    }
  };
}

function findFilterType(schema: GraphQLSchema): GraphQLInputType {
  const vms = schema.getQueryType()?.getFields()["vms"];
  const type = vms?.args.find(({ name }) => name === "filter")?.type;
  if (type === undefined) throw new Error("the schema has no vms(filter:)");
  return type;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FilterTextError("it is no JSON", { cause });
  }
}

/** Converts JSON into the filter's inner values, as graphql-js converts variables. Throws at the first fault. */
function coerce(value: unknown, type: GraphQLInputType): VmFilterInput | null {
  return coerceInputValue(value, type, (path, _invalid, error) => {
    const where = path.length === 0 ? "" : `at ${path.join(".")}: `;
    throw new FilterTextError(where + error.message, { cause: error });
  }) as VmFilterInput | null;
}
