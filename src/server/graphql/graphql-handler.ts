import { HeaderMap, type ApolloServer, type HTTPGraphQLResponse } from "@apollo/server";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { DocumentGate, RequestParameters } from "./request/documents.js";
import { findAnswerType } from "../accepted-types.js";
import type { Limits } from "../../model/limits.js";
import type { HeldPlace } from "../admission/places/work.js";
import type { KnownViewer } from "../identity/identity.js";
import type { RunningRequest, Visit } from "../admission/visit.js";
import type { ServerOptions } from "../options.js";
import { createAnswer, createFastAnswer, type Answer } from "./answer.js";
import type { KeptAnswer } from "./kept-answer.js";
import type { FastAnswers } from "./fast-answers.js";
import type { ReadFailure } from "./fast-path.js";
import type { ReadBody, RequestReader } from "./request/request-reader.js";
import type { Turns } from "./cost/turns.js";
import {
  attachState,
  createPacing,
  createState,
  type Pacing,
  type RequestState,
  type ServedContext,
} from "./request-state.js";
import { parseBodyParameters, parseUrlParameters } from "./request/request-parameters.js";
import { formatSearchParameters } from "./request/search-parameters.js";
import { refuseUndecided } from "./request/undecided-fields.js";
import type { AnswerMemory } from "../sending/answer-memory.js";
import { findKept, sendAnswer, sendKept } from "./send-answer.js";
import { waitForTurnEnd } from "./turn-end.js";

/** What the handler works with. */
export interface HandlerParts {
  readonly apollo: ApolloServer<ServedContext>;
  readonly options: ServerOptions;
  readonly limits: Limits;
  readonly reader: RequestReader;
  readonly documents: DocumentGate;
  readonly turns: Turns;
  readonly memory: AnswerMemory;
  /** Answers known operations without Apollo; if it is absent, Apollo answers all. */
  readonly fast?: Pick<FastAnswers, "answer" | "learnForm">;
}

/**
 * Creates the function that answers `/graphql`, once the gate has let a request through:
 * 1. refuses a client that accepts no answer of GraphQL;
 * 2. reads the body, without a place, so that slow senders take none;
 * 3. gives an answer of a moment ago again, if the same was asked;
 * 4. otherwise checks the document's size, or that it is listed;
 * 5. waits for a place and executes in it;
 * 6. sends the answer together with others that are ready.
 */
export function createGraphqlHandler(parts: HandlerParts) {
  return async (request: FastifyRequest, reply: FastifyReply, visit: Visit): Promise<FastifyReply> => {
    findAnswerType(request.headers.accept);
    const isPost = request.method === "POST";
    const body = isPost ? await parts.reader.read(request.raw, visit) : NO_BODY;
    let answer: Answer | KeptAnswer;
    try {
      answer = await findOrExecute(parts, request, visit, body);
    } finally {
      body.release();
    }
    await waitForTurnEnd();
    const { memory } = parts;
    return "notes" in answer
      ? sendKept(reply, answer, visit, memory)
      : sendAnswer(reply, answer, visit, memory);
  };
}

/** Answers a question: gives an answer of a moment ago again, or executes it and keeps the answer if it may. */
async function findOrExecute(
  parts: HandlerParts,
  request: FastifyRequest,
  visit: Visit,
  body: ReadBody,
): Promise<Answer | KeptAnswer> {
  const { answers } = parts.options;
  const keeping = answers === undefined ? null : findKept(answers, request, visit, body);
  if (keeping?.kept != null) return keeping.kept;
  const given =
    request.method === "POST"
      ? parseBodyParameters(body.parse())
      : parseUrlParameters(request.url, parts.limits);
  const parameters = parts.documents(given);
  const answer = await visit.runPiece((served, place) =>
    execute(parts, request, parameters, { visit, place, served }),
  );
  keeping?.keep(answer);
  return answer;
}

/** The body of a GET. */
const NO_BODY: ReadBody = { chunks: [], parse: () => null, release: () => undefined };

async function execute(
  { apollo, fast, options, limits, turns }: HandlerParts,
  request: FastifyRequest,
  parameters: RequestParameters,
  {
    visit,
    place,
    served,
  }: { readonly visit: Visit; readonly place: HeldPlace; readonly served: RunningRequest },
): Promise<Answer> {
  const { viewer } = visit;
  if (viewer === null) throw new Error("a request of which nobody knows who sends it");
  const pacing = createPacing(turns);
  const state = createState(visit, place, pacing, { limits, log: options.log });
  const known = (await fast?.answer(request, parameters, state)) ?? null;
  if (known !== null && "data" in known) return createFastAnswer(known, options, state);
  refuseUndecided(options.schema, parameters["query"], limits);
  const ask = (failure: ReadFailure | null) =>
    askApollo(apollo, options, request, parameters, { viewer, state, pacing, served, failure });
  let response = await ask(known);
  // Its plan read in vain. Execution reports the error at the right field, without reading again.
  if (state.planned !== null && "failure" in state.planned) response = await ask(state.planned);
  const contentType = response.headers.get("content-type");
  const isGood = (response.status ?? 200) === 200 && state.kind !== null && state.codes.length === 0;
  if (isGood && contentType !== undefined) {
    fast?.learnForm(request.headers.accept, contentType);
    const { planned } = state;
    if (planned !== null && "data" in planned)
      return createFastAnswer({ ...planned, contentType }, options, state);
  }
  return createAnswer(response, options, state);
}

/** Lets Apollo answer. With a failure nothing is read: each read fails with it. */
async function askApollo(
  apollo: HandlerParts["apollo"],
  options: ServerOptions,
  request: FastifyRequest,
  parameters: RequestParameters,
  asked: {
    readonly viewer: KnownViewer;
    readonly state: RequestState;
    readonly pacing: Pacing;
    readonly served: RunningRequest;
    readonly failure: ReadFailure | null;
  },
): Promise<HTTPGraphQLResponse> {
  const { viewer, state, pacing, served, failure } = asked;
  const isPost = request.method === "POST";
  const headers = new HeaderMap();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(", ") : value);
  }
  const { id, signal, check, onEnd } = served;
  const whenIdle = (listener: () => void): void => {
    const pacer = pacing.find();
    if (pacer === null) listener();
    else pacer.whenIdle(listener);
  };
  // What is accepted is decided here: Apollo would decide after the execution.
  headers.set("accept", findAnswerType(request.headers.accept));
  // The context is created here, since Apollo would answer every error of its creation with 500.
  const context = attachState(
    options.contextFor(viewer, {
      ...{ id, signal, check, onEnd, whenIdle },
      ...(failure !== null && { readFailure: failure }),
    }),
    state,
  );
  const dropAfterMutation = (): void => {
    if (state.kind === "mutation") options.answers?.drop();
  };
  // A mutation takes effect even if its client has gone, so kept answers are dropped then, too.
  served.signal.addEventListener("abort", dropAfterMutation, { once: true });
  const executed = apollo
    .executeHTTPGraphQLRequest({
      httpGraphQLRequest: {
        // Apollo gets a HEAD as a GET; Node then leaves out the body.
        method: isPost ? "POST" : "GET",
        headers,
        search: isPost ? "" : formatSearchParameters(parameters),
        body: isPost ? parameters : undefined,
      },
      context: () => Promise.resolve(context),
    })
    .finally(dropAfterMutation);
  return Promise.race([executed, waitForStop(state, served)]);
}

/**
 * Rejects when an execution was stopped and its reads have ended. A stopped execution never settles: without this it
 * would hold its place until the deadline, and clients that leave early would take all places.
 */
async function waitForStop({ stopped }: RequestState, served: RunningRequest): Promise<never> {
  await stopped;
  await served.giveBack();
  served.check();
  throw new Error("an execution was stopped although its request goes on");
}
