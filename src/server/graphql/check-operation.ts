import {
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
  GraphQLError,
  Kind,
  OperationTypeNode,
  getIntrospectionQuery,
  parse,
} from "graphql";
import type { Limits } from "../../model/limits.js";
import type { ListSizeOf, Values } from "./field-size.js";
import { type Measure, measure } from "./measure.js";

/** Measures an operation and throws the first limit that it breaks, before anything is executed. */
export type OperationCheck = (
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Values,
) => Measure;

/** Honest tools introspect once and in full; thrice that leaves room for a tool that asks for more. */
const INTROSPECTIONS = 3;

/** Makes the check for a schema; introspection is bounded by what the standard query costs on that very schema. */
export function createOperationCheck(
  schema: GraphQLSchema,
  limits: Limits,
  listSizeOf: ListSizeOf | null,
): OperationCheck {
  const measured = (document: DocumentNode, operation: OperationDefinitionNode, variables: Values): Measure =>
    measure(operation, { schema, fragments: fragmentsOf(document), variables, listSizeOf });
  const introspectionCost = costOfIntrospection(measured) * INTROSPECTIONS;

  return (document, operation, variables) => {
    if (
      operation.operation === OperationTypeNode.SUBSCRIPTION ||
      schema.getRootType(operation.operation) == null
    ) {
      throw refused(
        "OPERATION_NOT_SUPPORTED",
        `This endpoint does not answer operations of type ${operation.operation}.`,
      );
    }
    const found = measured(document, operation, variables);
    const operations = document.definitions.filter((each) => each.kind === Kind.OPERATION_DEFINITION).length;
    atMost(operations, limits.operations, "TOO_MANY_OPERATIONS", "operations");
    atMost(found.depth, limits.depth, "TOO_DEEP", "levels of depth");
    atMost(found.rootFields, limits.rootFields, "TOO_MANY_ROOT_FIELDS", "root fields");
    atMost(found.aliases, limits.aliases, "TOO_MANY_ALIASES", "aliases");
    atMost(found.directives, limits.directives, "TOO_MANY_DIRECTIVES", "directives");
    atMost(found.fields, limits.fields, "TOO_MANY_FIELDS", "fields");
    atMost(found.cost, limits.cost, "TOO_COSTLY", "of cost (objects of the answer, by page sizes)");
    atMost(found.introspectionCost, introspectionCost, "TOO_COSTLY", "of cost for introspection");
    return found;
  };
}

function atMost(found: number, limit: number, code: string, what: string): void {
  if (found <= limit) return;
  const size = Number.isFinite(found) ? String(Math.ceil(found)) : "endless";
  throw refused(code, `The operation has ${size} ${what}; this server allows ${limit}.`);
}

function refused(code: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code, http: { status: 400 } } });
}

function fragmentsOf(document: DocumentNode): Map<string, FragmentDefinitionNode> {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const each of document.definitions) {
    if (each.kind === Kind.FRAGMENT_DEFINITION) fragments.set(each.name.value, each);
  }
  return fragments;
}

function costOfIntrospection(measured: OperationCheck): number {
  const query = getIntrospectionQuery({
    descriptions: true,
    specifiedByUrl: true,
    directiveIsRepeatable: true,
    schemaDescription: true,
    inputValueDeprecation: true,
    oneOf: true,
  });
  const document = parse(query);
  const [operation] = document.definitions.filter((each) => each.kind === Kind.OPERATION_DEFINITION);
  return operation === undefined ? 0 : measured(document, operation, {}).introspectionCost;
}
