import { createHash } from "node:crypto";
import {
  createSourceEventStream,
  execute,
  getOperationAST,
  GraphQLError,
  OperationTypeNode,
  parse,
  validate,
  type DocumentNode,
  type ExecutionResult,
  type GraphQLFormattedError,
} from "graphql";
import type { Limits } from "../../model/limits.js";
import { startDeadline } from "../admission/deadline.js";
import { createPlaces } from "../admission/places.js";
import { createRequestScope, formatError, HttpError, type RequestScope } from "../errors.js";
import { createOperationCheck } from "../graphql/cost/check-operation.js";
import type { Turns } from "../graphql/cost/turns.js";
import type { DocumentGate, RequestParameters } from "../graphql/documents.js";
import { attachStop, createStop } from "../graphql/request-state.js";
import type { KnownViewer } from "../identity/identity.js";
import type { ServedRequest, ServerOptions } from "../options.js";
import { createEventStream, type EventStream } from "./event-stream.js";

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

/** A subscription that passed all checks. */
export interface LiveOperation {
  readonly document: DocumentNode;
  readonly operationName: string | null;
  readonly hash: string;
  readonly cost: number;
  /** Begins it; an error ends it. `onSlow` is called when its client reads too slowly to come to that error. */
  start(onSlow: () => void): EventStream<LiveAnswer>;
}

/** Checks a subscription; throws what refuses it, which {@link formatLiveError} formats. */
export type PrepareLive = (parameters: RequestParameters, caller: LiveCaller) => LiveOperation;

/** Creates the function that checks subscriptions; each event is answered in a place and within a deadline of its own. */
export function createLivePreparation(
  options: ServerOptions,
  limits: Limits,
  { documents, turns }: { readonly documents: DocumentGate; readonly turns: Turns },
): PrepareLive {
  const { schema } = options;
  // Not those of requests: a change that a thousand subscribers hear of would keep everybody else waiting.
  const eventPlaces = createPlaces({ running: limits.running, waiting: Infinity });
  const pacer = turns.createPacer();
  const check = createOperationCheck(
    schema,
    limits,
    options.estimateField ?? null,
    (type) => type === OperationTypeNode.SUBSCRIPTION,
  );
  /** Answers that several subscribers share: one for all who ask the same of the same event. */
  const shared = new WeakMap<object, Map<string, Promise<LiveAnswer>>>();

  return (given, caller) => {
    const { query, operationName = null, variables } = documents(given);
    if (typeof query !== "string")
      throw new HttpError(400, "BAD_REQUEST", "A subscription needs its query as text.");
    if (operationName !== null && typeof operationName !== "string") {
      throw new HttpError(400, "BAD_REQUEST", "operationName must be text.");
    }
    const document = parseDocument(query, limits);
    const [problem] = validate(schema, document, undefined, { maxErrors: 5, hideSuggestions: true });
    if (problem !== undefined) throw withCode(problem, "GRAPHQL_VALIDATION_FAILED");
    const operation = getOperationAST(document, operationName);
    if (operation == null)
      throw new HttpError(400, "BAD_USER_INPUT", "There is no such operation in the query.");
    const values = readVariables(variables);
    const { cost } = check(document, operation, values);
    const { viewer } = caller;
    const key = JSON.stringify([query, operationName, values, [...viewer.roles].sort(), viewer.scope]);

    const answer = (event: object): Promise<LiveAnswer> => {
      const answers = shared.get(event) ?? new Map<string, Promise<LiveAnswer>>();
      shared.set(event, answers);
      const made = answers.get(key) ?? answerEvent(event);
      answers.set(key, made);
      return made;
    };
    const answerEvent = async (event: object): Promise<LiveAnswer> => {
      // However many wait, each of them is a subscription, and these are counted. So none waits in vain.
      const release = await eventPlaces.enter(new AbortController().signal);
      const turn = pacer.pass(undefined, EVENT_OBJECTS);
      if (turn !== undefined) await turn;
      const deadline = startDeadline(limits.deadlineMs);
      const answering = serve(caller, deadline, options, async (context) =>
        formatAnswer(
          await execute({
            schema,
            document,
            operationName,
            rootValue: event,
            variableValues: values,
            contextValue: attachStop(context, createStop({ deadline }, { find: () => null }, limits)),
          }),
          createRequestScope(caller.requestId, options.log),
        ),
      );
      try {
        return await deadline.race(answering);
      } finally {
        deadline.clear();
        release();
      }
    };

    return {
      document,
      operationName: operation.name?.value ?? null,
      hash: createHash("sha256").update(query).digest("hex"),
      cost: Math.ceil(cost),
      start: (onSlow) =>
        createEventStream(async function* (signal) {
          const deadline = {
            signal,
            check: () => {
              signal.throwIfAborted();
            },
            onSlow,
          };
          options.liveMeter?.onSubscription(1);
          try {
            yield* await serve(caller, deadline, options, async (contextValue) => {
              const source = await createSourceEventStream({
                ...{ schema, document, operationName, variableValues: values, contextValue },
              });
              if (!(Symbol.asyncIterator in source))
                throw source.errors?.[0] ?? new Error("no source of events");
              return mapEvents(source as AsyncIterable<object>, answer, options);
            });
          } finally {
            options.liveMeter?.onSubscription(-1);
          }
        }),
    };
  };
}

/** What the answer to an event is taken for, in objects: it costs some tenths of a millisecond. */
const EVENT_OBJECTS = 32;

/** `event` is the root of the answer, so a source gives objects alone. */
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

/** Formats what refused or ended a subscription, for its client. */
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
  const graphqlError =
    error instanceof GraphQLError
      ? error
      : new GraphQLError("internal", {
          originalError: error instanceof Error ? error : new Error(String(error)),
        });
  return formatError(graphqlError.toJSON(), graphqlError, scope);
}

/** Runs a job with the caller's context, and gives back what the context holds after the job. */
async function serve<Result>(
  { requestId, viewer }: LiveCaller,
  { signal, check, onSlow }: Pick<ServedRequest, "signal" | "check" | "onSlow">,
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

function parseDocument(query: string, { tokens }: Limits): DocumentNode {
  try {
    return parse(query, { maxTokens: tokens });
  } catch (error) {
    throw error instanceof GraphQLError ? withCode(error, "GRAPHQL_PARSE_FAILED") : error;
  }
}

function withCode({ message, nodes, source, positions }: GraphQLError, code: string): GraphQLError {
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
