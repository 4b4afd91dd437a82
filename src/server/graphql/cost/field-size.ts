import {
  type FieldNode,
  type GraphQLField,
  isListType,
  isNonNullType,
  type OperationDefinitionNode,
  valueFromASTUntyped,
} from "graphql";

/** Values by name, as the client sent them. */
export type Values = Readonly<Record<string, unknown>>;

/** A field of a schema, whatever its resolvers. */
export type AnyField = GraphQLField<unknown, unknown>;

const DEFAULT_LIST_SIZE = 10;
const SIZE_ARGUMENTS: readonly string[] = ["first", "last", "limit"];

/**
 * Estimates how many values a field gives, in a schema that has no estimates of its own: by page sizes, and 10 for
 * other lists.
 */
export function estimateSizeByShape(typeName: string, field: AnyField, args: Values): number {
  if (field.name === "_entities")
    return Array.isArray(args["representations"]) ? args["representations"].length : 1;
  const size = SIZE_ARGUMENTS.map((name) => args[name]).find((value) => typeof value === "number");
  if (size !== undefined) return size;
  return isList(field) && !typeName.endsWith("Connection") ? DEFAULT_LIST_SIZE : 1;
}

/** Tells whether a field gives a list. */
export function isList({ type }: AnyField): boolean {
  return isListType(isNonNullType(type) ? type.ofType : type);
}

/** Reads a field's arguments with variables and defaults put in; not coerced, so they may be anything. */
export function readArguments(node: FieldNode, field: AnyField, variables: Values): Values {
  const args: Record<string, unknown> = {};
  for (const { name, defaultValue } of field.args) if (defaultValue !== undefined) args[name] = defaultValue;
  for (const { name, value } of node.arguments ?? []) {
    const given = valueFromASTUntyped(value, variables);
    if (given !== undefined) args[name.value] = given;
  }
  return args;
}

/** Reads the variables of an operation with its own defaults for those that are absent. */
export function readVariables({ variableDefinitions }: OperationDefinitionNode, given: Values): Values {
  const variables: Record<string, unknown> = { ...given };
  for (const { variable, defaultValue } of variableDefinitions ?? []) {
    const name = variable.name.value;
    if (defaultValue !== undefined && variables[name] === undefined)
      variables[name] = valueFromASTUntyped(defaultValue);
  }
  return variables;
}
