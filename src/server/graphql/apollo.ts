import { ApolloServer, type ApolloServerPlugin, type GraphQLResponse } from "@apollo/server";
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from "@apollo/server/plugin/disabled";
import { ApolloServerPluginInlineTrace } from "@apollo/server/plugin/inlineTrace";
import { type DocumentNode, GraphQLError, type GraphQLFormattedError } from "graphql";
import { formatError, HttpError } from "../errors.js";
import { BoundedCache } from "./bounded-cache.js";
import { createOperationCheck } from "./cost/check-operation.js";
import type { Places } from "../admission/places.js";
import { mergeErrors } from "./answer-errors.js";
import { measureAnswer } from "./cost/answer-size.js";
import { stopExecutions } from "./cost/stop-execution.js";
import type { Limits } from "../../model/limits.js";
import type { ServerOptions } from "../options.js";
import { findState, findStop, type RequestState, type ServedContext } from "./request-state.js";

const APQ_TTL_S = 24 * 3600;

/** Starts the one Apollo Server: nothing of it phones home, batches, traces or shows a page unless told to. */
export async function startApollo(
  options: ServerOptions,
  limits: Limits,
  heavyPlaces: Places,
): Promise<ApolloServer<ServedContext>> {
  stopExecutions(options.schema, findStop);
  const server = new ApolloServer<ServedContext>({
    schema: options.schema,
    nodeEnv: "production",
    logger: options.log,
    introspection: true,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    allowBatchedHttpRequests: false,
    // The gate has a check of its own (admission/cross-site.ts) that lets GET through for clients that are no browsers.
    csrfPrevention: false,
    parseOptions: { maxLexicalTokens: limits.tokens },
    validationOptions: { maxErrors: 5, hideSuggestions: true },
    executionOptions: { maxCoercionErrors: 5 },
    persistedQueries: {
      cache: new BoundedCache<string>(limits.cachedCharacters, (query) => query.length),
      ttl: APQ_TTL_S,
    },
    documentStore: new BoundedCache<DocumentNode>(limits.cachedCharacters, countCharacters),
    formatError,
    plugins: [
      checkAndNote(options, limits, heavyPlaces),
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
function checkAndNote(
  options: ServerOptions,
  limits: Limits,
  heavyPlaces: Places,
): ApolloServerPlugin<ServedContext> {
  const check = createOperationCheck(options.schema, limits, options.estimateField ?? null);
  return {
    requestDidStart: ({ contextValue }) => {
      const state = findState(contextValue);
      if (state === undefined) return Promise.resolve();
      const { notes } = state.visit;
      return Promise.resolve({
        didResolveSource: ({ queryHash }) => {
          notes.hash = queryHash;
          return Promise.resolve();
        },
        didResolveOperation: async ({ document, operation, operationName, request }) => {
          // Without an operation of the given name, execution says so.
          if (operation === undefined) return;
          notes.operation = operationName;
          state.kind = operation.operation;
          const { cost, introspectionCost } = check(document, operation, request.variables ?? {});
          notes.cost = Math.ceil(cost + introspectionCost);
          if (cost > PACED_COST) state.startPacing();
          if (cost > limits.cost * HEAVY_SHARE) {
            await waitForHeavyPlace(state, heavyPlaces, Math.max(cost, limits.cost / MOST_HEAVY));
          }
        },
        willSendResponse: ({ response }) => {
          if (response.body.kind === "single")
            finishAnswer(response.body.singleResult, response.http, state, limits);
          return Promise.resolve();
        },
      });
    },
  };
}

/** Waits for room among the heavy requests. Apollo shows an error of the graph to clients, and masks every other. */
async function waitForHeavyPlace(
  { place }: RequestState,
  heavyPlaces: Places,
  weight: number,
): Promise<void> {
  try {
    await place.exchange(heavyPlaces, weight);
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    throw new GraphQLError(error.message, {
      extensions: { code: error.code, http: { status: error.status } },
    });
  }
}

/**
 * A request of more than this share of the cost limit is heavy: all heavy ones together have one limit's worth of room, so
 * that their answers fit into memory, and the event loop is never theirs for long.
 */
const HEAVY_SHARE = 1 / 40;

/**
 * So many heavy requests run at once, at most. Each holds a connection to the database for as long as it reads, and the
 * others need some; more at once would be no faster, since one event loop makes all answers.
 */
const MOST_HEAVY = 2;

/** Answers of so many objects take tens of milliseconds: from here on they are made in turns with everybody else's. */
const PACED_COST = 5_000;

type SingleResult = Extract<GraphQLResponse["body"], { kind: "single" }>["singleResult"];

/** Merges the answer's errors, counts what it holds, and drops data that would be too large to send. */
function finishAnswer(
  result: SingleResult,
  http: GraphQLResponse["http"],
  state: RequestState,
  limits: Limits,
): void {
  const size = measureAnswer(result.data);
  if (size.characters > limits.answerBytes) {
    result.data = null;
    http.status = 400;
    result.errors = [createTooLargeError(limits.answerBytes)];
  } else if (result.errors !== undefined && result.errors.length > 0) {
    result.errors = mergeErrors(result.errors);
  }
  state.codes = (result.errors ?? []).map((error) => String(error.extensions?.["code"]));
  state.hasData = Object.values(result.data ?? {}).some((value) => value !== null);
  state.visit.notes.rows = size.objects;
}

function createTooLargeError(bytes: number): GraphQLFormattedError {
  const message = `The answer is larger than ${bytes} bytes. Ask for less at once, page by page (first, after), or set LIMITS=answerBytes=….`;
  return { message, extensions: { code: "ANSWER_TOO_LARGE" } };
}

function countCharacters(document: DocumentNode): number {
  return document.loc?.source.body.length ?? Infinity;
}
