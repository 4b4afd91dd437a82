import { HeaderMap, type HTTPGraphQLResponse } from "@apollo/server";
import type { ApolloServer } from "@apollo/server";
import type { FastifyReply, FastifyRequest } from "fastify";
import { refusalOf, sendError } from "../answers.js";
import type { DocumentGate, Parameters } from "./documents.js";
import { HttpError, requestScope } from "../errors.js";
import type { KnownViewer } from "../identity/identity.js";
import type { Admission } from "../admission/admission.js";
import { startDeadline } from "../admission/deadline.js";
import type { Limits } from "../../model/limits.js";
import type { ServerOptions } from "../options.js";
import type { RequestReader } from "./request-reader.js";
import { newState, type RequestState, type ServedContext, withState } from "../admission/request-state.js";
import { parametersOfSearch, searchOf } from "./search-parameters.js";

/** What the handler works with. */
export interface HandlerParts {
  readonly apollo: ApolloServer<ServedContext>;
  readonly options: ServerOptions;
  readonly limits: Limits;
  readonly admission: Admission;
  readonly reader: RequestReader;
  readonly documents: DocumentGate;
}

/** Codes of documents that are wrong: with `application/json` they are answered with 200, as GraphQL over HTTP asks. */
const DOCUMENT_ERRORS: readonly string[] = [
  "GRAPHQL_PARSE_FAILED",
  "GRAPHQL_VALIDATION_FAILED",
  "BAD_USER_INPUT",
];

/** Makes the function that answers `/graphql`, once the guards have let a request through. */
export function graphqlHandler(parts: HandlerParts) {
  return async (request: FastifyRequest, reply: FastifyReply, viewer: KnownViewer): Promise<FastifyReply> => {
    const startedAt = performance.now();
    const state = newState(request.id, viewer, startDeadline(parts.limits.deadlineMs));
    reply.raw.once("close", () => {
      if (!reply.raw.writableFinished) state.deadline.abandon();
    });
    const log = parts.options.log;
    return requestScope.run({ requestId: request.id, log }, async () => {
      try {
        const response = await answer(parts, request, state);
        audit(parts.options, state, startedAt, response.status ?? 200);
        return await send(reply, response, cacheControl(parts.options, state));
      } catch (error) {
        const refusal = refusalOf(error);
        state.codes = [refusal.code];
        audit(parts.options, state, startedAt, refusal.status);
        return await sendError(request, reply, refusal);
      } finally {
        state.deadline.clear();
      }
    });
  };
}

/** Reads, waits for a place, executes. The place and the body's memory are given back when the work has really ended. */
async function answer(
  parts: HandlerParts,
  request: FastifyRequest,
  state: RequestState,
): Promise<HTTPGraphQLResponse> {
  const { body, release } =
    request.method === "POST"
      ? await parts.reader.read(request.raw)
      : { body: null, release: () => undefined };
  let leave: () => void = () => undefined;
  let execution: Promise<HTTPGraphQLResponse> | null = null;
  const end = (): void => {
    leave();
    release();
  };
  try {
    const given =
      request.method === "POST" ? parametersOfBody(body) : searchParameters(request, parts.limits);
    const parameters = parts.documents(given);
    leave = await parts.admission.enter(state.deadline.signal);
    execution = execute(parts, request, state, parameters);
    const outcome = await Promise.race([execution, state.deadline.expired]);
    if (outcome instanceof Error) throw refusalOf(outcome);
    return outcome;
  } finally {
    if (execution === null) end();
    else void execution.then(end, end);
  }
}

async function execute(
  { apollo, options }: HandlerParts,
  request: FastifyRequest,
  state: RequestState,
  parameters: Parameters,
): Promise<HTTPGraphQLResponse> {
  const isPost = request.method === "POST";
  const headers = new HeaderMap();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(", ") : value);
  }
  const { deadline, viewer } = state;
  const served = { id: state.id, signal: deadline.signal, check: deadline.check };
  // Made here and not by Apollo, which would answer every failure of it with 500.
  const context = withState(options.contextFor(viewer, served), state);
  const response = await apollo.executeHTTPGraphQLRequest({
    httpGraphQLRequest: {
      method: request.method,
      headers,
      search: isPost ? "" : searchOf(parameters),
      body: isPost ? parameters : undefined,
    },
    context: () => Promise.resolve(context),
  });
  const status = statusOf(response, state);
  return status === undefined ? response : { ...response, status };
}

function statusOf(response: HTTPGraphQLResponse, state: RequestState): number | undefined {
  const { codes } = state;
  if (codes.length === 0) return response.status;
  const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
  if (response.status === 400 && isJson && codes.every((code) => DOCUMENT_ERRORS.includes(code))) return 200;
  if (!state.hasData && codes.every((code) => code === "FORBIDDEN")) return 403;
  return response.status;
}

function parametersOfBody(body: unknown): Parameters {
  if (Array.isArray(body)) {
    throw new HttpError(
      400,
      "BATCHING_NOT_SUPPORTED",
      "Send one operation a request; batches are not supported.",
    );
  }
  if (typeof body !== "object" || body === null) {
    throw new HttpError(400, "BAD_REQUEST", "The body must be a JSON object with a query.");
  }
  return { ...body };
}

function searchParameters(request: FastifyRequest, limits: Limits): Parameters {
  const at = request.url.indexOf("?");
  return parametersOfSearch(at === -1 ? "" : request.url.slice(at), limits.jsonDepth);
}

async function send(
  reply: FastifyReply,
  response: HTTPGraphQLResponse,
  cached: string,
): Promise<FastifyReply> {
  // Incremental delivery does not exist in this schema's graphql-js; only whole answers come here.
  const body = response.body.kind === "complete" ? response.body.string : "";
  return reply
    .code(response.status ?? 200)
    .headers({ "cache-control": cached, ...Object.fromEntries(response.headers) })
    .send(body);
}

function cacheControl({ maxAgeSeconds = 0, identity }: ServerOptions, state: RequestState): string {
  if (maxAgeSeconds === 0 || state.kind !== "query" || state.codes.length > 0) return "no-store";
  return `${identity.required ? "private" : "public"}, max-age=${maxAgeSeconds}`;
}

/** One line a request: who asked what, what it cost, and what came of it. Never variables, they may hold anything. */
function audit(
  { log, onOperation }: ServerOptions,
  state: RequestState,
  startedAt: number,
  status: number,
): void {
  const durationMs = performance.now() - startedAt;
  const decision = state.codes[0] ?? "answered";
  onOperation?.({ status, decision, durationMs });
  log.info(
    {
      requestId: state.id,
      viewer: state.viewer.name,
      operation: state.operation,
      hash: state.hash,
      cost: state.measure === null ? null : Math.ceil(state.measure.cost + state.measure.introspectionCost),
      rows: state.rows,
      ms: Math.round(durationMs),
      status,
      decision,
    },
    "request",
  );
}
