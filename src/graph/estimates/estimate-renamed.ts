import {
  findOuterTypeName,
  findOwnTypeName,
  isRenamed,
  type SubgraphNames,
} from "../../model/subgraph-names.js";
import type { Values } from "./cohort.js";
import type { EstimateField } from "./estimate-field.js";

/** Creates an estimator for a subgraph whose types and keys have other names, from one that knows our names. */
export function estimateRenamed(estimate: EstimateField, names: SubgraphNames): EstimateField {
  if (!isRenamed(names)) return estimate;
  return (typeName, fieldName, args, parents) => {
    const own = findOwnTypeName(typeName, names);
    if (fieldName !== "_entities") return estimate(own, fieldName, args, parents);
    const found = estimate(own, fieldName, toOwnKeys(args, names), parents);
    const { byType } = found.cohort;
    if (byType === undefined) return found;
    // The estimate returns types by the names that they have in this schema.
    const outer = Object.entries(byType).map(
      ([name, count]) =>
        [name === "Vm" || name === "VmNic" ? findOuterTypeName(name, names) : name, count] as const,
    );
    return { ...found, cohort: { ...found.cohort, byType: Object.fromEntries(outer) } };
  };
}

function toOwnKeys(args: Values, names: SubgraphNames): Values {
  const { representations } = args;
  if (!Array.isArray(representations)) return args;
  return { ...args, representations: representations.map((each: unknown) => toOwnKey(each, names)) };
}

function toOwnKey(representation: unknown, names: SubgraphNames): unknown {
  if (typeof representation !== "object" || representation === null) return representation;
  const { __typename: type, ...key } = representation as { readonly __typename?: unknown };
  const own = typeof type === "string" ? findOwnTypeName(type, names) : type;
  const entity = own === "Vm" || own === "VmNic" ? names.entities[own] : null;
  return { ...key, __typename: own, ...(entity === null ? {} : { id: (key as Values)[entity.key] }) };
}
