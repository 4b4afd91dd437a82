import {
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isObjectType,
  isUnionType,
  Kind,
  parse,
} from "graphql";
import type { OperationCheck } from "../../src/server/graphql/cost/check-operation.js";

/** Gives numbers from 0 to below `below`. */
export type Draw = (below: number) => number;

const PAGES = ["", "(first: null)", "(first: 0)", "(first: 1)", "(first: 50)", "(first: 500)"];

/** Arguments of the fields that cannot do without, or that make answers large; `null`: the field is left out. */
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

/** Writes an operation of random fields; more of them, and deeper, with `size`. */
export function writeOperation(schema: GraphQLSchema, size: number, draw: Draw): string {
  let aliases = 0;
  const write = (type: GraphQLObjectType, depth: number): string => {
    const fields = Object.values(type.getFields()).flatMap((field) => {
      const args = writeArguments(`${type.name}.${field.name}`, draw);
      const isMissing = args === null && field.args.some((each) => each.type.toString().endsWith("!"));
      return isMissing ? [] : [{ field, args: args ?? "" }];
    });
    const objects = fields.filter(({ field }) => isCompositeType(getNamedType(field.type)));
    const values = fields.filter((each) => !objects.includes(each));
    const chosen = [
      ...values.filter(() => draw(3) > 0),
      ...(depth === 0 || objects.length === 0
        ? []
        : Array.from({ length: 1 + draw(size) }, () => objects[draw(objects.length)]!)),
    ];
    const parts = chosen.map(({ field, args }) => {
      const inner = getNamedType(field.type);
      const below = isUnionType(inner)
        ? ` { ${inner
            .getTypes()
            .map((each) => `... on ${each.name} ${write(each, depth - 1)}`)
            .join(" ")} }`
        : isObjectType(inner)
          ? ` ${write(inner, depth - 1)}`
          : "";
      return `a${aliases++}: ${field.name}${args}${below}`;
    });
    return `{ __typename ${parts.join(" ")} }`;
  };
  return `query ($keys: [_Any!] = []) ${write(schema.getQueryType()!, 2 + draw(4))}`.replace(
    "[_Any!] = []",
    "[_Any!]!",
  );
}

/** An operation that passes the limits, and what it is estimated to cost. */
export interface FoundOperation {
  readonly query: string;
  readonly cost: number;
}

/** Searches for the dearest operations that still pass: random ones, of which the best are kept. */
export function searchOperations(
  schema: GraphQLSchema,
  check: OperationCheck,
  variables: Readonly<Record<string, unknown>>,
  { tries, keep, draw }: { readonly tries: number; readonly keep: number; readonly draw: Draw },
): FoundOperation[] {
  const found: FoundOperation[] = [];
  for (let at = 0; at < tries; at++) {
    const query = writeOperation(schema, 1 + draw(4), draw);
    try {
      const document = parse(query, { maxTokens: 2_500 });
      const [operation] = document.definitions.filter((each) => each.kind === Kind.OPERATION_DEFINITION);
      const { cost } = check(document, operation!, variables);
      found.push({ query, cost });
    } catch {
      // It does not pass.
    }
  }
  return found.sort((one, other) => other.cost - one.cost).slice(0, keep);
}
