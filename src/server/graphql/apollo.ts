import { ApolloServer, type ApolloServerPlugin } from "@apollo/server";
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from "@apollo/server/plugin/disabled";
import { ApolloServerPluginInlineTrace } from "@apollo/server/plugin/inlineTrace";
import type { DocumentNode } from "graphql";
import { formatError } from "../errors.js";
import { BoundedCache } from "./bounded-cache.js";
import { createOperationCheck } from "./check-operation.js";
import { stopAtDeadline } from "../admission/deadline.js";
import type { Limits } from "../../model/limits.js";
import type { ServerOptions } from "../options.js";
import { type ServedContext, stateOf } from "../admission/request-state.js";

const APQ_TTL_S = 24 * 3600;

/** The one Apollo Server: nothing of it phones home, batches, traces or shows a page unless told to. */
export async function startApollo(
  options: ServerOptions,
  limits: Limits,
): Promise<ApolloServer<ServedContext>> {
  stopAtDeadline(options.schema, (context) => stateOf(context)?.deadline);
  const server = new ApolloServer<ServedContext>({
    schema: options.schema,
    nodeEnv: "production",
    logger: options.log,
    introspection: true,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    allowBatchedHttpRequests: false,
    // The server has a guard of its own (guards/cross-site.ts) that lets GET through for clients that are no browsers.
    csrfPrevention: false,
    parseOptions: { maxLexicalTokens: limits.tokens },
    validationOptions: { maxErrors: 5, hideSuggestions: true },
    executionOptions: { maxCoercionErrors: 5 },
    persistedQueries: {
      cache: new BoundedCache<string>(limits.cachedCharacters, (query) => query.length),
      ttl: APQ_TTL_S,
    },
    documentStore: new BoundedCache<DocumentNode>(limits.cachedCharacters, charactersOf),
    formatError,
    plugins: [
      limitsAndNotes(options, limits),
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      options.inlineTrace === true
        ? ApolloServerPluginInlineTrace()
        : ApolloServerPluginInlineTraceDisabled(),
    ],
  });
  await server.start();
  return server;
}

/** Refuses what is over a limit between validation and execution, and notes for the log what was asked and answered. */
function limitsAndNotes(options: ServerOptions, limits: Limits): ApolloServerPlugin<ServedContext> {
  const check = createOperationCheck(options.schema, limits, options.listSizeOf ?? null);
  return {
    requestDidStart: ({ contextValue }) => {
      const state = stateOf(contextValue);
      if (state === undefined) return Promise.resolve();
      return Promise.resolve({
        didResolveSource: ({ queryHash }) => {
          state.hash = queryHash;
          return Promise.resolve();
        },
        didResolveOperation: ({ document, operation, operationName, request }) => {
          // Without an operation of the given name, execution says so.
          if (operation === undefined) return Promise.resolve();
          state.operation = operationName;
          state.kind = operation.operation;
          state.measure = check(document, operation, request.variables ?? {});
          return Promise.resolve();
        },
        willSendResponse: ({ response }) => {
          if (response.body.kind === "single") {
            const { data, errors } = response.body.singleResult;
            state.codes = (errors ?? []).map((error) => String(error.extensions?.["code"]));
            state.hasData = Object.values(data ?? {}).some((value) => value !== null);
            state.rows = countObjects(data);
          }
          return Promise.resolve();
        },
      });
    },
  };
}

function charactersOf(document: DocumentNode): number {
  return document.loc?.source.body.length ?? Infinity;
}

/** Objects in an answer, without recursion. */
function countObjects(data: unknown): number {
  const left: unknown[] = [data];
  let count = -1;
  while (left.length > 0) {
    const value = left.pop();
    if (typeof value !== "object" || value === null) continue;
    if (!Array.isArray(value)) count++;
    for (const inner of Object.values(value)) if (typeof inner === "object") left.push(inner);
  }
  return Math.max(0, count);
}
