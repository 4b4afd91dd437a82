import { ApolloServer, HeaderMap, type ApolloServerPlugin, type GraphQLResponse } from "@apollo/server";
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from "@apollo/server/plugin/disabled";
import { ApolloServerPluginInlineTrace } from "@apollo/server/plugin/inlineTrace";
import type { DocumentNode, GraphQLFormattedError } from "graphql";
import { formatErrorOfSome, nameRequest } from "../errors.js";
import { BoundedCache } from "./bounded-cache.js";
import type { AdmitOperation } from "./admit-operation.js";
import type { OperationCheck } from "./cost/check-operation.js";
import type { FastAnswers, KnownOperation } from "./fast-answers.js";
import { TRACE_HEADER } from "./kept-answer.js";
import { mergeErrors } from "./answer-errors.js";
import { type AnswerSize, measureAnswer } from "./cost/answer-size.js";
import { stopExecutions } from "./cost/stop-execution.js";
import type { Limits } from "../../model/limits.js";
import type { ServerOptions } from "../options.js";
import { nameValues } from "./name-values.js";
import { createPause } from "./pause.js";
import { writeJson } from "./write-json.js";
import { findState, findStop, type RequestState, type ServedContext } from "./request-state.js";

const APQ_TTL_S = 24 * 3600;

/**
 * Starts the Apollo Server. It sends no reports, takes no batches and shows no page; it traces only if the options say
 * so.
 */
export async function startApollo(
  options: ServerOptions,
  limits: Limits,
  hooks: OperationHooks,
): Promise<ApolloServer<ServedContext>> {
  stopExecutions(options.schema, findStop);
  const largeData = new WeakSet<object>();
  const server = new ApolloServer<ServedContext>({
    schema: options.schema,
    nodeEnv: "production",
    logger: options.log,
    introspection: true,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    allowBatchedHttpRequests: false,
    // The gate has a check of its own (admission/checks/cross-site.ts) that lets GET through for clients that are no browsers.
    csrfPrevention: false,
    parseOptions: { maxLexicalTokens: limits.tokens },
    validationOptions: { maxErrors: 5, hideSuggestions: true },
    executionOptions: { maxCoercionErrors: 5 },
    persistedQueries: {
      cache: new BoundedCache<string>(limits.cachedCharacters, (query) => query.length),
      ttl: APQ_TTL_S,
    },
    documentStore: new BoundedCache<DocumentNode>(limits.cachedCharacters, countCharacters),
    formatError: formatErrorOfSome,
    stringifyResult: (result) => writeResult(result, largeData),
    plugins: [
      checkAndNote(limits, hooks, largeData),
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

/** What is done with an operation between validation and execution. */
export interface OperationHooks {
  readonly check: OperationCheck;
  readonly admit: AdmitOperation;
  /** Answers operations by their plans; if it is absent, all are executed. */
  readonly fast?: Pick<FastAnswers, "learn" | "answerLearnt">;
}

/** Refuses what is over a limit between validation and execution, and notes for the log what was asked and answered. */
function checkAndNote(
  limits: Limits,
  { check, admit, fast }: OperationHooks,
  largeData: WeakSet<object>,
): ApolloServerPlugin<ServedContext> {
  return {
    requestDidStart: ({ contextValue }) => {
      const state = findState(contextValue);
      if (state === undefined) return Promise.resolve();
      const { notes } = state.visit;
      let learnt: KnownOperation | null = null;
      return Promise.resolve({
        didResolveSource: ({ queryHash }) => {
          notes.hash = queryHash;
          return Promise.resolve();
        },
        validationDidStart: ({ document }) =>
          Promise.resolve((errors) => {
            nameValues(document, errors ?? []);
            return Promise.resolve();
          }),
        didResolveOperation: async ({ document, operation, operationName, request, source, queryHash }) => {
          // Without an operation of the given name, execution says so.
          if (operation === undefined) return;
          await admit(state, {
            kind: operation.operation,
            name: operationName,
            check: () => check(document, operation, request.variables ?? {}),
          });
          const asked = { source, operationName: request.operationName ?? null };
          learnt = fast?.learn(asked, { document, operation, name: operationName, hash: queryHash }) ?? null;
        },
        responseForOperation: async ({ request }) => {
          // Only execution makes the trace that a router may ask for.
          if (fast === undefined || learnt === null || request.http?.headers.has(TRACE_HEADER) === true)
            return null;
          state.planned = await fast.answerLearnt(learnt, request.variables ?? {}, state);
          return state.planned && { http: { headers: new HeaderMap() }, body: createEmptyBody() };
        },
        willSendResponse: async ({ response }) => {
          if (response.body.kind !== "single" || state.planned !== null) return;
          const { singleResult } = response.body;
          const { characters } = await finishAnswer(singleResult, response.http, state, limits);
          if (singleResult.data != null && characters > MOST_AT_ONCE) largeData.add(singleResult.data);
        },
      });
    },
  };
}

/** Creates what Apollo gets instead of an answer that is ready as bytes ({@link RequestState.planned}). */
function createEmptyBody(): GraphQLResponse["body"] {
  return { kind: "single", singleResult: { data: {} } };
}

type SingleResult = Extract<GraphQLResponse["body"], { kind: "single" }>["singleResult"];

/** Writes a result as Apollo does. One with large data is written in turns with other requests. */
async function writeResult(result: object, largeData: WeakSet<object>): Promise<string> {
  const { data } = result as { readonly data?: object | null };
  const isLarge = data != null && largeData.has(data);
  return `${isLarge ? await writeJson(result, createPause()) : JSON.stringify(result)}\n`;
}

/** The most characters of data that are written without a pause: that many take a few milliseconds. */
const MOST_AT_ONCE = 256 * 1024;

/** Merges the answer's errors, counts what it holds, and drops data that would be too large to send. Returns its size. */
async function finishAnswer(
  result: SingleResult,
  http: GraphQLResponse["http"],
  state: RequestState,
  limits: Limits,
): Promise<AnswerSize> {
  const size = await measureAnswer(result.data, createPause());
  if (size.characters > limits.answerBytes) {
    result.data = null;
    http.status = 400;
    result.errors = [createTooLargeError(limits.answerBytes)];
  } else if (result.errors !== undefined && result.errors.length > 0) {
    result.errors = mergeErrors(result.errors.map((error) => nameRequest(error, state.scope)));
  }
  state.codes = (result.errors ?? []).map((error) => String(error.extensions?.["code"]));
  state.hasData = Object.values(result.data ?? {}).some((value) => value !== null);
  state.visit.notes.rows = size.objects;
  return size;
}

function createTooLargeError(bytes: number): GraphQLFormattedError {
  const message = `The answer is larger than ${bytes} bytes. Ask for less at once, page by page (first, after), or set LIMITS=answerBytes=….`;
  return { message, extensions: { code: "ANSWER_TOO_LARGE" } };
}

function countCharacters(document: DocumentNode): number {
  return document.loc?.source.body.length ?? Infinity;
}
