import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Limits } from "../../model/limits.js";
import { isPassingError } from "../../model/passing-errors.js";
import type { Gate } from "../admission/gate.js";
import { EVENTS_RULE } from "../admission/rules.js";
import type { AuditNotes } from "../admission/audit-notes.js";
import type { Visit } from "../admission/visit.js";
import { checkAcceptsEvents } from "../accepted-types.js";
import { HttpError } from "../errors.js";
import type { RequestParameters } from "../graphql/request/documents.js";
import type { RequestReader } from "../graphql/request/request-reader.js";
import { parseSearchParameters } from "../graphql/request/search-parameters.js";
import { readClientCertificate } from "../identity/client-certificates.js";
import type { LiveConnections } from "../live/connections.js";
import type { EventStream } from "../live/event-stream.js";
import { createEventStream } from "../live/event-stream.js";
import type { LiveAnswer } from "../live/live-context.js";
import { formatLiveError, type LiveOperation, type PrepareLive } from "../live/operations.js";
import type { ServerOptions } from "../options.js";

/** What the routes work with. */
export interface EventRouteParts {
  readonly options: ServerOptions;
  readonly limits: Limits;
  readonly reader: RequestReader;
  readonly prepare: PrepareLive;
  readonly live: LiveConnections;
}

/** Serves subscriptions as server-sent events, one a connection (GraphQL over SSE, distinct connections). */
export function registerEventRoutes(app: FastifyInstance, gate: Gate, parts: EventRouteParts): void {
  void app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", (_request, _payload, parsed) => {
      parsed(null, undefined);
    });
    scope.route({
      method: ["GET", "HEAD", "POST"],
      url: "/graphql/stream",
      // Compression would hold events back until a block is full.
      compress: false,
      config: { rule: EVENTS_RULE },
      handler: (request, reply) => sendEvents(request, reply, gate.findVisit(request), parts),
    });
    done();
  });
}

async function sendEvents(
  request: FastifyRequest,
  reply: FastifyReply,
  visit: Visit,
  parts: EventRouteParts,
): Promise<FastifyReply> {
  checkAcceptsEvents(request.headers.accept);
  if (request.method === "HEAD") return reply.headers(EVENT_HEADERS).send();
  const { viewer, notes } = visit;
  if (viewer === null) throw new Error("a request of which nobody knows who sends it");
  const parameters = await readParameters(request, visit, parts);
  let operation: LiveOperation | null = null;
  let refusal: unknown = null;
  try {
    operation = parts.prepare(parameters, { requestId: request.id, viewer });
    notes.operation = operation.operationName;
    notes.hash = operation.hash;
    notes.cost = operation.cost;
  } catch (error) {
    refusal = error;
  }
  // A stream that is not read is cut off by the outbox, as any other answer is.
  const onSlow = () => parts.options.liveMeter?.onSlowReader();
  const answers = operation?.start({ onSlow }) ?? createRefusal(refusal);
  const format = (error: unknown) => {
    const formatted = formatLiveError(error, request.id, parts.options);
    notes.decision = String(formatted.extensions?.["code"]);
    return formatted;
  };
  const stream = createEventStream((signal) => formatEvents(countEvents(answers, notes), signal, format));
  const leave = parts.live.enter(
    "sse",
    { viewer, ownerName: visit.ownerName },
    { authorization: request.headers.authorization, certificate: readClientCertificate(request.raw.socket) },
    () => {
      stream.abandon();
    },
  );
  reply.raw.once("close", () => {
    leave();
    stream.abandon();
  });
  if (reply.raw.closed) leave();
  notes.isLasting = true;
  return reply.headers(EVENT_HEADERS).send(Readable.from(stream, { objectMode: true, highWaterMark: 1 }));
}

const EVENT_HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store",
  // nginx would keep events back until its buffer is full.
  "x-accel-buffering": "no",
} as const;

/** Creates a stream whose only event is the refusal, since a client of a stream reads no other answer. */
function createRefusal(error: unknown): EventStream<LiveAnswer> {
  return createEventStream(async function* () {
    await Promise.reject(error instanceof Error ? error : new Error(String(error)));
    yield {};
  });
}

function countEvents(answers: EventStream<LiveAnswer>, notes: AuditNotes): EventStream<LiveAnswer> {
  notes.rows = 0;
  return {
    ...answers,
    next: async (...args) => {
      const result = await answers.next(...args);
      if (result.done !== true) notes.rows = (notes.rows ?? 0) + 1;
      return result;
    },
  };
}

/**
 * Formats answers as events, with a comment in each pause, so that no proxy takes the connection for dead. At the end,
 * `complete` tells the client that there is no more. It is left out when the server stops, and after an error that passes: the
 * client then connects again.
 */
async function* formatEvents(
  answers: EventStream<LiveAnswer>,
  signal: AbortSignal,
  format: (error: unknown) => ReturnType<typeof formatLiveError>,
): AsyncGenerator<string, void, undefined> {
  signal.addEventListener("abort", answers.abandon, { once: true });
  yield ":\n\n";
  try {
    let next = startWait(answers.next());
    while (!signal.aborted) {
      const result = await next.waitAtMost(PAUSE_MS);
      if (result === null) {
        yield ":\n\n";
        continue;
      }
      if (result.done === true) break;
      yield `event: next\ndata: ${JSON.stringify(result.value)}\n\n`;
      next = startWait(answers.next());
    }
  } catch (error) {
    const formatted = format(error);
    yield `event: next\ndata: ${JSON.stringify({ errors: [formatted] })}\n\n`;
    if (isPassingError(formatted.extensions ?? {})) return;
  } finally {
    await answers.return(undefined);
  }
  if (!signal.aborted) yield "event: complete\ndata:\n\n";
}

/** A wait for a value that may take hours. It is done in pieces. */
interface Wait<Value> {
  /** Waits for the value, at most for this time; `null`: it is not there yet. */
  waitAtMost(ms: number): Promise<Value | null>;
}

/**
 * Starts a wait. It adds one listener, however many pieces there are: each further listener would stay until the value
 * comes.
 */
function startWait<Value>(coming: Promise<Value>): Wait<Value> {
  let endPiece: () => void = () => undefined;
  let isSettled = false;
  const settle = (): void => {
    isSettled = true;
    endPiece();
  };
  coming.then(settle, settle);
  return {
    async waitAtMost(ms) {
      if (!isSettled) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          endPiece = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      return isSettled ? await coming : null;
    },
  };
}

async function readParameters(
  request: FastifyRequest,
  visit: Visit,
  { reader, limits }: EventRouteParts,
): Promise<RequestParameters> {
  if (request.method !== "POST") {
    const at = request.url.indexOf("?");
    return parseSearchParameters(at === -1 ? "" : request.url.slice(at), limits.jsonDepth);
  }
  const { parse, release } = await reader.read(request.raw, visit);
  let body: unknown;
  try {
    body = parse();
  } finally {
    release();
  }
  if (typeof body === "object" && body !== null && !Array.isArray(body)) return { ...body };
  throw new HttpError(400, "BAD_REQUEST", "The body must be a JSON object with a query.");
}

/**
 * Time between two comments. It is less than the minute after which proxies take a connection for dead, and less than
 * the server allows a reader that does not read.
 */
const PAUSE_MS = 10_000;
