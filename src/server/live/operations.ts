import { createHash } from "node:crypto";
import {
  createSourceEventStream,
  GraphQLError,
  OperationTypeNode,
  type DocumentNode,
  type GraphQLFormattedError,
} from "graphql";
import type { Limits } from "../../model/limits.js";
import { createRequestScope, formatError, HttpError, type RequestScope } from "../errors.js";
import { createOperationCheck, type OperationCheck } from "../graphql/cost/check-operation.js";
import type { Turns } from "../graphql/cost/turns.js";
import type { DocumentGate, RequestParameters } from "../graphql/request/documents.js";
import type { ServerOptions } from "../options.js";
import { createEventAnswers, formatAnswerKey, type AnswerEvent } from "./event-answers.js";
import { createEventStream, type EventStream } from "./event-stream.js";
import { serve, type LiveAnswer, type LiveCaller, type LiveNotices } from "./live-context.js";
import { createQuestionReader, type LiveQuestion } from "./question.js";

/** A subscription that passed all checks. */
export interface LiveOperation {
  readonly document: DocumentNode;
  readonly operationName: string | null;
  readonly hash: string;
  readonly cost: number;
  /** Starts it; an error ends it. */
  start(notices: LiveNotices): EventStream<LiveAnswer>;
}

/** Checks a subscription. Throws the refusal, which {@link formatLiveError} formats. */
export type PrepareLive = (parameters: RequestParameters, caller: LiveCaller) => LiveOperation;

/** What all subscriptions share. */
interface LiveParts {
  readonly options: ServerOptions;
  readonly check: OperationCheck;
  readonly answerEvent: AnswerEvent;
}

/** Creates the function that checks subscriptions; each event is answered in a place and within a deadline of its own. */
export function createLivePreparation(
  options: ServerOptions,
  limits: Limits,
  { documents, turns }: { readonly documents: DocumentGate; readonly turns: Turns },
): PrepareLive {
  const parts: LiveParts = {
    options,
    check: createOperationCheck(
      options.schema,
      limits,
      options.estimateField ?? null,
      (type) => type === OperationTypeNode.SUBSCRIPTION,
    ),
    answerEvent: createEventAnswers(options, limits, turns),
  };
  const readQuestion = createQuestionReader(options.schema, limits, documents);
  return (given, caller) => {
    const question = readQuestion(given);
    const { document, query, operation, values } = question;
    const { cost } = parts.check(document, operation, values);
    return {
      document,
      operationName: operation.name?.value ?? null,
      hash: createHash("sha256").update(query).digest("hex"),
      cost: Math.ceil(cost),
      start: (notices) =>
        createEventStream((signal) => streamAnswers(question, caller, { signal, notices, cost }, parts)),
    };
  };
}

/** Opens the source of events, and yields the answer to each, until the source or the signal ends it. */
async function* streamAnswers(
  question: LiveQuestion,
  caller: LiveCaller,
  {
    signal,
    notices,
    cost,
  }: { readonly signal: AbortSignal; readonly notices: LiveNotices; readonly cost: number },
  { options, answerEvent }: LiveParts,
): AsyncGenerator<LiveAnswer, void, undefined> {
  const { document, operationName, values } = question;
  const asker = { question, caller, cost, signal, key: formatAnswerKey(question, caller) };
  const check = () => {
    signal.throwIfAborted();
  };
  options.liveMeter?.onSubscription(1);
  try {
    yield* await serve(caller, { signal, check, ...notices }, options, async (contextValue) => {
      const source = await createSourceEventStream({
        ...{ schema: options.schema, document, operationName, variableValues: values, contextValue },
      });
      if (!(Symbol.asyncIterator in source)) throw source.errors?.[0] ?? new Error("no source of events");
      const answer = (event: object) => answerEvent(event, asker);
      return mapEvents(source as AsyncIterable<object>, answer, options);
    });
  } finally {
    options.liveMeter?.onSubscription(-1);
  }
}

/** Answers each event of a source. An event is an object, since it is the root value of its answer. */
async function* mapEvents(
  source: AsyncIterable<object>,
  answer: (event: object) => Promise<LiveAnswer>,
  { liveMeter }: ServerOptions,
): AsyncGenerator<LiveAnswer, void, undefined> {
  for await (const event of source) {
    const made = await answer(event);
    liveMeter?.onEvent();
    yield made;
  }
}

/** Formats the error that refused or ended a subscription, for its client. */
export function formatLiveError(
  error: unknown,
  requestId: string,
  { log, liveMeter }: ServerOptions,
): GraphQLFormattedError {
  const formatted = formatRefusal(error, createRequestScope(requestId, log));
  if (formatted.extensions?.["code"] === "CURSOR_LOST") liveMeter?.onLostCursor();
  return formatted;
}

function formatRefusal(error: unknown, scope: RequestScope): GraphQLFormattedError {
  if (error instanceof HttpError) return { message: error.message, extensions: { code: error.code } };
  const original = error instanceof Error ? error : new Error(String(error));
  // The message stays only if the error has a code for clients.
  const graphqlError =
    original instanceof GraphQLError
      ? original
      : new GraphQLError(original.message, { originalError: original });
  return dropStatus(formatError(graphqlError.toJSON(), graphqlError, scope));
}

/** Drops the HTTP status of an error, since an event of a subscription has none. */
function dropStatus(error: GraphQLFormattedError): GraphQLFormattedError {
  const kept = Object.entries(error.extensions ?? {}).filter(([name]) => name !== "http");
  return { ...error, extensions: Object.fromEntries(kept) };
}
