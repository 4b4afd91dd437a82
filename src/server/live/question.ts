import {
  getOperationAST,
  GraphQLError,
  parse,
  validate,
  type DocumentNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from "graphql";
import { BoundedMap } from "../../model/kept/bounded-map.js";
import type { Limits } from "../../model/limits.js";
import { HttpError } from "../errors.js";
import { nameValues } from "../graphql/name-values.js";
import type { DocumentGate, RequestParameters } from "../graphql/request/documents.js";
import { findUndecided } from "../graphql/request/undecided-fields.js";

/** What a subscription asks, parsed and valid. */
export interface LiveQuestion {
  readonly query: string;
  readonly operationName: string | null;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly values: Readonly<Record<string, unknown>>;
}

/**
 * Creates the function that parses and validates what a subscriber sent; it throws the refusal. Subscribers who send
 * the same text share one document, so ten thousand of them need it in memory once, and it is parsed once.
 */
export function createQuestionReader(
  schema: GraphQLSchema,
  limits: Limits,
  documents: DocumentGate,
): (given: RequestParameters) => LiveQuestion {
  const valid = new BoundedMap<DocumentNode>(VALID_CHARACTERS);
  const readDocument = (query: string): DocumentNode => {
    const known = valid.use(query);
    if (known !== undefined) return known;
    const document = parseDocument(query, limits);
    const problem = findProblem(schema, document);
    if (problem !== undefined) {
      nameValues(document, [problem]);
      throw addCode(problem, "GRAPHQL_VALIDATION_FAILED");
    }
    valid.set(query, document, query.length);
    return document;
  };
  return (given) => {
    const { query, operationName = null, variables } = documents(given);
    if (typeof query !== "string")
      throw new HttpError(400, "BAD_REQUEST", "A subscription needs its query as text.");
    if (operationName !== null && typeof operationName !== "string") {
      throw new HttpError(400, "BAD_REQUEST", "operationName must be text.");
    }
    const document = readDocument(query);
    const operation = getOperationAST(document, operationName);
    if (operation == null)
      throw new HttpError(400, "BAD_USER_INPUT", "There is no such operation in the query.");
    return { query, operationName, document, operation, values: readVariables(variables) };
  };
}

/** The most characters of texts whose documents are kept. A document takes about a hundred bytes for each character. */
const VALID_CHARACTERS = 65_536;

function parseDocument(query: string, { tokens }: Limits): DocumentNode {
  try {
    return parse(query, { maxTokens: tokens });
  } catch (error) {
    throw error instanceof GraphQLError ? addCode(error, "GRAPHQL_PARSE_FAILED") : error;
  }
}

/** Finds the first problem of a document; `undefined`: it is valid. */
function findProblem(schema: GraphQLSchema, document: DocumentNode): GraphQLError | undefined {
  return (
    findUndecided(schema, document) ??
    validate(schema, document, undefined, { maxErrors: 5, hideSuggestions: true })[0]
  );
}

function addCode({ message, nodes, source, positions }: GraphQLError, code: string): GraphQLError {
  return new GraphQLError(message, {
    nodes: nodes ?? null,
    source: source ?? null,
    positions: positions ?? null,
    extensions: { code },
  });
}

function readVariables(variables: unknown): Record<string, unknown> {
  if (variables == null) return {};
  if (typeof variables === "object" && !Array.isArray(variables)) return { ...variables };
  throw new HttpError(400, "BAD_REQUEST", "variables must be an object.");
}
