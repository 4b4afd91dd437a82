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
import type { Limits } from "../../../model/limits.js";
import type { EstimateField } from "../../../graph/estimates/estimate-field.js";
import { estimateCost } from "./estimate-cost.js";
import { type Values, readVariables } from "./field-size.js";
import { type Measure, measure } from "./measure.js";

/** The measure of an operation, and what it can cost. */
export interface CheckedOperation extends Measure {
  /** Cost of the answer: an object is 1, a value a tenth, an SQL statement 20. */
  readonly cost: number;
}

/** Measures an operation and throws the first limit that it breaks, before anything is executed. */
export type OperationCheck = (
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Values,
) => CheckedOperation;

/**
 * How many standard introspections an operation may cost. Honest tools make one; the rest is for tools that ask for
 * more.
 */
const INTROSPECTIONS = 3;

/** Creates the check for a schema. Introspection is bounded by what the standard query costs on that very schema. */
export function createOperationCheck(
  schema: GraphQLSchema,
  limits: Limits,
  estimateField: EstimateField | null,
  isAnswered: (type: OperationTypeNode) => boolean = (type) => type !== OperationTypeNode.SUBSCRIPTION,
): OperationCheck {
  const measureOperation = (
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Values,
  ): Measure => measure(operation, { schema, fragments: findFragments(document), variables });
  const introspectionCost = measureIntrospection(measureOperation) * INTROSPECTIONS;

  return (document, operation, variables) => {
    if (!isAnswered(operation.operation) || schema.getRootType(operation.operation) == null) {
      const { operation: type } = operation;
      const advice =
        type === OperationTypeNode.SUBSCRIPTION
          ? "Subscribe over a WebSocket at /graphql, or by server-sent events at /graphql/stream."
          : "Send it as an HTTP request to /graphql.";
      throw createLimitError(
        "OPERATION_NOT_SUPPORTED",
        `This endpoint does not answer operations of type ${type}. ${advice}`,
      );
    }
    const found = measureOperation(document, operation, variables);
    const operations = document.definitions.filter((each) => each.kind === Kind.OPERATION_DEFINITION).length;
    checkAtMost(operations, limits, "operations", "TOO_MANY_OPERATIONS", "operations");
    checkAtMost(found.depth, limits, "depth", "TOO_DEEP", "levels of depth");
    checkAtMost(found.rootFields, limits, "rootFields", "TOO_MANY_ROOT_FIELDS", "root fields");
    checkAtMost(found.aliases, limits, "aliases", "TOO_MANY_ALIASES", "aliases");
    checkAtMost(found.directives, limits, "directives", "TOO_MANY_DIRECTIVES", "directives");
    checkAtMost(found.fields, limits, "fields", "TOO_MANY_FIELDS", "fields");
    // After the other limits: the estimate follows each path of the operation, and these must be few.
    const { cost } = estimateCost(operation, {
      schema,
      fragments: findFragments(document),
      variables: readVariables(operation, variables),
      estimateField,
    });
    const unit = "of cost (the objects and SQL statements that its answer can take)";
    checkAtMost(
      cost,
      limits,
      "cost",
      "TOO_COSTLY",
      unit,
      " Ask for less at once, page by page (first, after).",
    );
    if (found.introspectionCost > introspectionCost) {
      throw createLimitError(
        "TOO_COSTLY",
        "The operation asks for more introspection than three standard ones.",
      );
    }
    return { ...found, cost };
  };
}

function checkAtMost(
  found: number,
  limits: Limits,
  limit: keyof Limits,
  code: string,
  unit: string,
  advice = "",
): void {
  const allowed = limits[limit];
  if (found <= allowed) return;
  const size = Number.isFinite(found) ? String(Math.ceil(found)) : "endless";
  const setting = `LIMITS=${limit}=${allowed}`;
  throw createLimitError(
    code,
    `The operation has ${size} ${unit}; this server allows ${allowed} (${setting}).${advice}`,
  );
}

function createLimitError(code: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code, http: { status: 400 } } });
}

/** Lists the fragments of a document by their names. */
export function findFragments(document: DocumentNode): Map<string, FragmentDefinitionNode> {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const each of document.definitions) {
    if (each.kind === Kind.FRAGMENT_DEFINITION) fragments.set(each.name.value, each);
  }
  return fragments;
}

function measureIntrospection(
  measureOperation: (
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Values,
  ) => Measure,
): number {
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
  return operation === undefined ? 0 : measureOperation(document, operation, {}).introspectionCost;
}
