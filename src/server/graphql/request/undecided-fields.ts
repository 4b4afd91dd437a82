import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  parse,
  SingleFieldSubscriptionsRule,
  validate,
} from "graphql";
import { HttpError } from "../../errors.js";
import type { Limits } from "../../../model/limits.js";

/**
 * Finds what keeps graphql-js from deciding which fields a subscription has: a wrong `@skip` or `@include`, or one by a variable. Its
 * rule for the only field of a subscription throws that, instead of reporting it.
 */
export function findUndecided(schema: GraphQLSchema, document: DocumentNode): GraphQLError | undefined {
  try {
    validate(schema, document, [SingleFieldSubscriptionsRule], { maxErrors: 1 });
    return undefined;
  } catch (error) {
    if (error instanceof GraphQLError) return error;
    throw error;
  }
}

/** Refuses a text with such a subscription. Apollo would take what is thrown for an error of ours. */
export function refuseUndecided(schema: GraphQLSchema, query: unknown, { tokens }: Limits): void {
  if (typeof query !== "string" || !/\bsubscription\b/.test(query)) return;
  const document = tryParse(query, tokens);
  const problem = document === null ? undefined : findUndecided(schema, document);
  if (problem !== undefined) throw new HttpError(400, "GRAPHQL_VALIDATION_FAILED", problem.message);
}

/** Parses a text; `null`: it has an error, which Apollo reports. */
function tryParse(query: string, maxTokens: number): DocumentNode | null {
  try {
    return parse(query, { maxTokens });
  } catch {
    return null;
  }
}
