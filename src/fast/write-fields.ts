import {
  type FieldNode,
  getArgumentValues,
  type GraphQLField,
  getNamedType,
  getNullableType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from "graphql";
import { joinParts, NO_PARTS } from "../loaders/tree-parts.js";
import type { VmTree, VmTreeParts } from "../loaders/rows.js";
import { FINDING_FIELDS } from "./finding-fields.js";
import { VM_FIELDS, type Placed, type ReadValue, type TreeField } from "./vm-fields.js";
import { listFields, type PlannedDocument } from "./selections.js";

/** Writes a value as JSON. `tree` is the VM that it belongs to. */
export type Write = (value: unknown, tree: VmTree, count: ObjectCount) => string;

/** The number of objects that were written. */
export interface ObjectCount {
  objects: number;
  /** The same, and more for what takes longer than to write an object. */
  work: number;
  /** Writing fails beyond this number. */
  readonly most: number;
}

/** How an object is written, and the parts that must be read for it. */
export interface ObjectWriter {
  readonly write: Write;
  /**
   * Describes what is written: keys, fields and types, in order. Writers with equal shapes write the same text of an
   * object.
   */
  readonly shape: string;
  readonly parts: VmTreeParts;
}

/**
 * Plans how objects of a type are written with these selections; `null` if a field is not in {@link KNOWN_FIELDS}, or has
 * arguments that are refused.
 */
export function planObject(
  sets: readonly SelectionSetNode[],
  type: GraphQLObjectType,
  document: PlannedDocument,
): ObjectWriter | null {
  const selected = listFields(sets, type, document);
  if (selected === null) return null;
  let parts = NO_PARTS;
  const writers: { readonly start: string; readonly write: Write }[] = [];
  let shape = `${type.name}{`;
  for (const { key, name, node, selections } of selected) {
    const start = `${writers.length === 0 ? "{" : ","}${JSON.stringify(key)}:`;
    if (name === "__typename") {
      const text = JSON.stringify(type.name);
      shape += `${key}:${name} `;
      writers.push({ start, write: () => text });
      continue;
    }
    const known = KNOWN_FIELDS[type.name]?.[name];
    const field = type.getFields()[name];
    if (known === undefined || field === undefined) return null;
    const bound = bindArguments(known, field, node, document);
    if (bound === null) return null;
    const planned = planValue(field.type, selections, document, known.isPlaced);
    if (planned === null) return null;
    shape += `${key}:${name}${bound.shape}${planned.shape} `;
    parts = joinParts(parts, joinParts(planned.parts, { ...NO_PARTS, ...known.parts }));
    const writeField = readAndWrite(bound.read, planned.write);
    writers.push({ start, write: known.work === undefined ? writeField : addWork(known.work, writeField) });
  }
  return {
    parts,
    shape: `${shape}}`,
    write: (value, tree, count) => {
      countObject(count);
      let text = "";
      for (const { start, write } of writers) text += start + write(value, tree, count);
      return `${text}}`;
    },
  };
}

/** The fields that are written, by type. */
const KNOWN_FIELDS: Readonly<Record<string, Readonly<Record<string, TreeField>>>> = {
  ...VM_FIELDS,
  ...FINDING_FIELDS,
};

/** Binds a field to its arguments; `null`: it takes none here, or not these. Execution then says what is wrong with them. */
function bindArguments(
  known: TreeField,
  field: GraphQLField<unknown, unknown>,
  node: FieldNode,
  { variables, onOpenArguments }: PlannedDocument,
): { readonly read: ReadValue; readonly shape: string } | null {
  const { arguments: given = [] } = node;
  if (given.length === 0) return { read: known.bind({}), shape: "" };
  if (known.hasArguments !== true) return null;
  if (variables === null && given.some(({ value }) => value.kind === Kind.VARIABLE)) {
    onOpenArguments();
    return { read: known.bind({}), shape: "" };
  }
  try {
    const args = getArgumentValues(field, node, variables);
    return { read: known.bind(args), shape: `(${describeArguments(args)})` };
  } catch {
    return null;
  }
}

function describeArguments(args: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(args, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
}

function readAndWrite(read: ReadValue, write: Write): Write {
  return (value, tree, count) => write(read(value, tree), tree, count);
}

function addWork(work: NonNullable<TreeField["work"]>, write: Write): Write {
  return (value, tree, count) => {
    count.work += typeof work === "number" ? work : work(value);
    return write(value, tree, count);
  };
}

class TooManyObjectsError extends Error {
  override readonly name = "TooManyObjectsError";
}

/** Counts objects that are about to be written; throws if there are too many. */
export function countObject(count: ObjectCount, objects = 1): void {
  count.objects += objects;
  count.work += objects;
  if (count.objects > count.most) throw new TooManyObjectsError("an answer has too many objects");
}

/** A value is `null` where the schema does not allow it. Execution would answer with an error. */
class NotNullableError extends Error {
  override readonly name = "NotNullableError";
}

function planValue(
  type: GraphQLOutputType,
  selections: readonly SelectionSetNode[],
  document: PlannedDocument,
  isPlaced = false,
): ObjectWriter | null {
  if (isNonNullType(type)) {
    const planned = planValue(type.ofType, selections, document, isPlaced);
    if (planned === null) return null;
    const { parts, shape, write } = planned;
    return {
      parts,
      shape,
      write: (value, tree, count) => {
        if (value == null) throw new NotNullableError("null where the schema allows none");
        return write(value, tree, count);
      },
    };
  }
  if (isListType(type)) {
    const planned = planValue(type.ofType, selections, document, isPlaced);
    return planned && { ...planned, write: writeList(planned.write) };
  }
  const named = getNamedType(type);
  if (isObjectType(named)) {
    const planned = planObject(selections, named, document);
    if (planned === null) return null;
    const { parts, shape, write } = planned;
    const writePlaced: Write = (value, _tree, count) => {
      const { object, tree } = value as Placed;
      return write(object, tree, count);
    };
    const writeGiven = isPlaced ? writePlaced : write;
    return {
      parts,
      shape,
      write: (value, tree, count) => (value == null ? "null" : writeGiven(value, tree, count)),
    };
  }
  const write = planLeaf(named);
  return write && { parts: NO_PARTS, shape: "", write };
}

/** Plans how a value without fields is written; `null` if its type has fields. Writing fails where `null` is not allowed. */
export function planLeaf(type: GraphQLOutputType): ((value: unknown) => string) | null {
  const nullable = getNullableType(type);
  if (!isLeafType(nullable)) return null;
  const serialize = (value: unknown): unknown => nullable.serialize(value);
  if (!isNonNullType(type)) return (value) => (value == null ? "null" : writeLeaf(serialize(value)));
  return (value) => {
    if (value == null) throw new NotNullableError("null where the schema allows none");
    return writeLeaf(serialize(value));
  };
}

/** Writes a text, a number or a boolean. Nearly all texts are names and addresses, which need no escapes. */
function writeLeaf(value: unknown): string {
  return typeof value === "string" && !ESCAPED.test(value) ? `"${value}"` : JSON.stringify(value);
}

/** Matches any character but ASCII's printable ones without quotes and backslashes. */
const ESCAPED = /[^\x20\x21\x23-\x5b\x5d-\x7e]/;

function writeList(write: Write): Write {
  return (values, tree, count) => {
    if (values == null) return "null";
    let text = "";
    for (const value of values as readonly unknown[]) {
      text += (text === "" ? "[" : ",") + write(value, tree, count);
    }
    return text === "" ? "[]" : `${text}]`;
  };
}
