import { type ArgumentNode, type FieldNode, type GraphQLField, Kind, type ValueNode } from "graphql";

/** Variables as the client sent them, not coerced yet. */
export type Variables = Readonly<Record<string, unknown>>;

/** Arguments that say how many objects a field gives: a number, or a list with one object for each entry. */
const SIZE_ARGUMENTS: readonly string[] = ["first", "last", "limit"];

/** How many objects a field's own arguments ask for, or `null` if they do not say. */
export function fieldCount(
  node: FieldNode,
  field: GraphQLField<unknown, unknown>,
  variables: Variables,
): number | null {
  if (field.name === "_entities") return lengthOf(argument(node, "representations"), variables);
  const sizes = field.args.filter((each) => SIZE_ARGUMENTS.includes(each.name));
  if (sizes.length === 0) return null;
  for (const size of sizes) {
    const given = numberOf(argument(node, size.name), variables) ?? size.defaultValue;
    if (typeof given === "number") return Math.max(0, given);
  }
  return null;
}

function argument(node: FieldNode, name: string): ArgumentNode | undefined {
  return node.arguments?.find((each) => each.name.value === name);
}

function numberOf(given: ArgumentNode | undefined, variables: Variables): number | undefined {
  if (given === undefined) return undefined;
  if (given.value.kind === Kind.INT) return Number(given.value.value);
  const value = variableValue(given.value, variables);
  return typeof value === "number" ? value : undefined;
}

function lengthOf(given: ArgumentNode | undefined, variables: Variables): number {
  if (given === undefined) return 1;
  if (given.value.kind === Kind.LIST) return given.value.values.length;
  const value = variableValue(given.value, variables);
  return Array.isArray(value) ? value.length : 1;
}

function variableValue(value: ValueNode, variables: Variables): unknown {
  return value.kind === Kind.VARIABLE && Object.hasOwn(variables, value.name.value)
    ? variables[value.name.value]
    : undefined;
}
