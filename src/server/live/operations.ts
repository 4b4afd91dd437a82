import { createHash } from "node:crypto";
import {
  createSourceEventStream,
  execute,
  GraphQLError,
  OperationTypeNode,
  type DocumentNode,
  type ExecutionResult,
  type GraphQLFormattedError,
} from "graphql";
import type { Limits } from "../../model/limits.js";
import { startDeadline } from "../admission/deadline.js";
import { createPlaces, type Places } from "../admission/places/places.js";
import { createRequestScope, formatError, HttpError, type RequestScope } from "../errors.js";
import { createOperationCheck, type OperationCheck } from "../graphql/cost/check-operation.js";
import type { Pacer, Turns } from "../graphql/cost/turns.js";
import type { DocumentGate, RequestParameters } from "../graphql/request/documents.js";
import { attachStop, createStop } from "../graphql/request-state.js";
import type { KnownViewer } from "../identity/identity.js";
import type { ServedRequest, ServerOptions } from "../options.js";
import { createEventStream, type EventStream } from "./event-stream.js";
import { createQuestionReader, type LiveQuestion } from "./question.js";

/** An answer of a subscription, as it is sent. */
export interface LiveAnswer {
  readonly data?: ExecutionResult["data"];
  readonly errors?: readonly GraphQLFormattedError[];
}

/** The viewer who subscribes. */
export interface LiveCaller {
  readonly requestId: string;
  readonly viewer: KnownViewer;
}

/** What the connection of a subscription is informed of, besides its answers. */
export type LiveNotices = Pick<ServedRequest, "onSlow" | "onCurrent">;

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
  readonly limits: Limits;
  readonly check: OperationCheck;
  /**
   * Places for events alone. If events took the places of requests, one change for a thousand subscribers would block
   * all requests.
   */
  readonly eventPlaces: Places;
  readonly pacer: Pacer;
  /** Answers that several subscribers share: those who ask the same of the same event get one answer. */
  readonly shared: WeakMap<object, Map<string, Promise<LiveAnswer>>>;
}

/** Creates the function that checks subscriptions; each event is answered in a place and within a deadline of its own. */
export function createLivePreparation(
  options: ServerOptions,
  limits: Limits,
  { documents, turns }: { readonly documents: DocumentGate; readonly turns: Turns },
): PrepareLive {
  const parts: LiveParts = {
    options,
    limits,
    check: createOperationCheck(
      options.schema,
      limits,
      options.estimateField ?? null,
      (type) => type === OperationTypeNode.SUBSCRIPTION,
    ),
    eventPlaces: createPlaces({ running: limits.running, waiting: Infinity }),
    pacer: turns.createPacer(),
    shared: new WeakMap(),
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
        createEventStream((signal) => streamAnswers(question, caller, { signal, notices }, parts)),
    };
  };
}

/** Opens the source of events, and yields the answer to each, until the source or the signal ends it. */
async function* streamAnswers(
  question: LiveQuestion,
  caller: LiveCaller,
  { signal, notices }: { readonly signal: AbortSignal; readonly notices: LiveNotices },
  parts: LiveParts,
): AsyncGenerator<LiveAnswer, void, undefined> {
  const { options } = parts;
  const { query, document, operationName, values } = question;
  const { roles, scope } = caller.viewer;
  const key = JSON.stringify([query, operationName, values, [...roles].sort(), scope]);
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
      const answer = (event: object) =>
        shareAnswer(parts.shared, event, key, () => answerEvent(event, question, caller, parts));
      return mapEvents(source as AsyncIterable<object>, answer, options);
    });
  } finally {
    options.liveMeter?.onSubscription(-1);
  }
}

/** Returns the answer that was made for this event and key, or makes it. */
function shareAnswer(
  shared: LiveParts["shared"],
  event: object,
  key: string,
  make: () => Promise<LiveAnswer>,
): Promise<LiveAnswer> {
  const answers = shared.get(event) ?? new Map<string, Promise<LiveAnswer>>();
  shared.set(event, answers);
  const made = answers.get(key) ?? make();
  answers.set(key, made);
  return made;
}

/** Answers an event in a place, in a turn of the event loop, and within a deadline. */
async function answerEvent(
  event: object,
  { document, operationName, values }: LiveQuestion,
  caller: LiveCaller,
  { options, limits, eventPlaces, pacer }: LiveParts,
): Promise<LiveAnswer> {
  const { schema, log } = options;
  // The number of subscriptions is bounded, so the number that wait here is bounded, too.
  const release = await eventPlaces.enter(new AbortController().signal);
  const turn = pacer.pass(undefined, EVENT_OBJECTS);
  if (turn !== undefined) await turn;
  const deadline = startDeadline(limits.deadlineMs);
  const answering = serve(caller, deadline, options, async (context) => {
    const contextValue = attachStop(context, createStop({ deadline }, { find: () => null }, limits));
    const result = await execute({
      ...{ schema, document, operationName, rootValue: event, variableValues: values, contextValue },
    });
    return formatAnswer(result, createRequestScope(caller.requestId, log));
  });
  try {
    return await deadline.race(answering);
  } finally {
    deadline.clear();
    release();
  }
}

/** The weight of an event's answer in turns, in objects: making it takes some tenths of a millisecond. */
const EVENT_OBJECTS = 32;

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

/** Runs a job with the caller's context, and gives back what the context holds after the job. */
async function serve<Result>(
  { requestId, viewer }: LiveCaller,
  { signal, check, onSlow, onCurrent }: Pick<ServedRequest, "signal" | "check" | keyof LiveNotices>,
  options: ServerOptions,
  job: (context: object) => Promise<Result>,
): Promise<Result> {
  const listeners: (() => void)[] = [];
  const request = {
    id: requestId,
    signal,
    check,
    onEnd: (listener: () => void) => void listeners.push(listener),
    ...(onSlow === undefined ? {} : { onSlow }),
    ...(onCurrent === undefined ? {} : { onCurrent }),
  };
  try {
    return await job(options.contextFor(viewer, request));
  } finally {
    for (const listener of listeners) listener();
  }
}

function formatAnswer({ data, errors }: ExecutionResult, scope: RequestScope): LiveAnswer {
  const format = (error: GraphQLError) => formatError(error.toJSON(), error, scope);
  return {
    ...(data === undefined ? {} : { data }),
    ...(errors === undefined ? {} : { errors: errors.map(format) }),
  };
}
