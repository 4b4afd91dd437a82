import {
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isObjectType,
  isUnionType,
} from "graphql";

/** Draws a number from 0 to below `below`. */
export type Draw = (below: number) => number;

/** A selected field: its arguments as text, and the selections below it by type. */
export interface Selection {
  readonly name: string;
  readonly args: string;
  readonly below: readonly TypeSelection[];
}

/** What is selected of one type. */
export interface TypeSelection {
  readonly type: string;
  readonly selections: readonly Selection[];
}

/** Writes and changes operations of one schema at random. */
export interface OperationWriter {
  create(size: number): TypeSelection;
  /** Returns the operation with one change: one field more, one fewer, one twice, or other arguments. */
  mutate(operation: TypeSelection): TypeSelection;
}

/** Creates the writer. The same draws give the same operations. */
export function createOperationWriter(schema: GraphQLSchema, draw: Draw): OperationWriter {
  const typeOf = (name: string) => schema.getType(name) as GraphQLObjectType;
  const choose = <Value>(values: readonly Value[]): Value => values[draw(values.length)]!;

  const listFields = (type: GraphQLObjectType) =>
    Object.values(type.getFields()).flatMap((field) => {
      const args = writeArguments(`${type.name}.${field.name}`, draw);
      const isMissing = args === null && field.args.some((each) => each.type.toString().endsWith("!"));
      return isMissing ? [] : [{ field, args: args ?? "" }];
    });
  const select = (
    { field, args }: ReturnType<typeof listFields>[number],
    depth: number,
    size: number,
  ): Selection => {
    const inner = getNamedType(field.type);
    const types = isUnionType(inner) ? inner.getTypes() : isObjectType(inner) ? [inner] : [];
    return { name: field.name, args, below: types.map((type) => createType(type, depth - 1, size)) };
  };
  const createType = (type: GraphQLObjectType, depth: number, size: number): TypeSelection => {
    const fields = listFields(type);
    const objects = fields.filter(({ field }) => isCompositeType(getNamedType(field.type)));
    const chosen = [
      ...fields.filter((each) => !objects.includes(each) && draw(3) > 0),
      ...(depth <= 0 || objects.length === 0
        ? []
        : Array.from({ length: 1 + draw(size) }, () => choose(objects))),
    ];
    return { type: type.name, selections: chosen.map((each) => select(each, depth, size)) };
  };

  const change = ({ type, selections }: TypeSelection): TypeSelection => {
    const at = draw(Math.max(1, selections.length));
    const chosen = selections[at];
    // It mostly changes something below, where the lists are.
    if (chosen !== undefined && chosen.below.length > 0 && draw(4) > 0) {
      const changed = draw(chosen.below.length);
      const below = chosen.below.map((each, place) => (place === changed ? change(each) : each));
      return { type, selections: selections.with(at, { ...chosen, below }) };
    }
    const kind = draw(4);
    if (kind === 0 && selections.length > 1) return { type, selections: selections.toSpliced(at, 1) };
    if (kind === 1 && chosen !== undefined) return { type, selections: [...selections, chosen] };
    if (kind === 2 && chosen !== undefined) {
      const args = writeArguments(`${type}.${chosen.name}`, draw) ?? chosen.args;
      return { type, selections: selections.with(at, { ...chosen, args }) };
    }
    const fields = listFields(typeOf(type));
    return fields.length === 0
      ? { type, selections }
      : { type, selections: [...selections, select(choose(fields), 2, 2)] };
  };

  return { create: (size) => createType(schema.getQueryType()!, 2 + draw(4), size), mutate: change };
}

/** Prints an operation; each field has an alias of its own, so that none is merged with another. */
export function printOperation(operation: TypeSelection): string {
  let aliases = 0;
  const print = ({ selections }: TypeSelection): string =>
    `{ __typename ${selections.map(printSelection).join(" ")} }`;
  const printSelection = ({ name, args, below }: Selection): string => {
    const [first, ...others] = below;
    const inner =
      first === undefined
        ? ""
        : others.length === 0 && name !== "_entities"
          ? ` ${print(first)}`
          : ` { ${below.map((each) => `... on ${each.type} ${print(each)}`).join(" ")} }`;
    return `a${aliases++}: ${name}${args}${inner}`;
  };
  return `query ($keys: [_Any!]!) ${print(operation)}`;
}

const PAGES = ["", "(first: null)", "(first: 0)", "(first: 1)", "(first: 50)", "(first: 500)"];

/** Writes the arguments of fields that need some, or that have large answers with them; `null`: none are known. */
function writeArguments(place: string, draw: Draw): string | null {
  const vm = `b0000000-0000-4000-8000-${(1 + draw(100_000)).toString(16).padStart(12, "0")}`;
  if (place === "Query.vms") {
    return (
      [
        "",
        "(first: 500)",
        '(first: 500, filter: { nameContains: "9" })',
        "(first: 500, filter: { status: [UP] })",
      ][draw(4)] ?? ""
    );
  }
  if (place === "Host.vms") return PAGES[draw(PAGES.length)] ?? "";
  if (place === "Query.vm") return `(id: "${vm}")`;
  if (place === "Query._entities") return "(representations: $keys)";
  return null;
}
