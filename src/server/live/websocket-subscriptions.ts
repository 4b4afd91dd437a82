import type { ExecutionArgs, GraphQLFormattedError } from "graphql";
import { GraphQLError } from "graphql";
import type { Release } from "../admission/places/places.js";
import { MAX_LOGGED_LENGTH } from "../admission/audit.js";
import { HttpError } from "../errors.js";
import type { KnownViewer } from "../identity/identity.js";
import { formatLiveError, type LiveOperation } from "./operations.js";
import type { WebSocketParts } from "./websocket-parts.js";

/** The subscriptions of one WebSocket. Each ends once, gives its place back, and leaves one line in the log. */
export interface WebSocketSubscriptions {
  /** Checks a subscription and counts it. Gives what to execute, or the errors that refuse it. */
  prepare(
    id: string,
    payload: Readonly<Record<string, unknown>>,
    viewer: KnownViewer | null,
  ): Promise<ExecutionArgs | readonly GraphQLError[]>;
  /** Ends a subscription that failed, and formats why. */
  fail(id: string, errors: readonly GraphQLError[]): readonly GraphQLFormattedError[];
  /** Ends a subscription that is complete. */
  complete(id: string): void;
  /** Ends all. `decision` is the reason in the log; `null` if the client ended them. */
  endAll(decision: string | null): void;
}

/** What the subscriptions of a WebSocket need to know of it. */
interface Connection {
  readonly requestId: string;
  /** Takes a place for a subscription; rejects if there is none. */
  readonly enterPlace: () => Promise<Release>;
  readonly cutSlow: () => void;
  /** Informs the client that a subscription has sent all events that there are. */
  readonly tellCurrent: (id: string) => void;
  readonly writeLine: (fields: Readonly<Record<string, unknown>>) => void;
}

interface Running {
  readonly startedAt: number;
  operation: LiveOperation | null;
  release: Release | null;
  stream: { abandon(): void } | null;
  events: number;
  decision: string | null;
}

/** Creates the empty set of subscriptions of a WebSocket that has just been opened. */
export function createWebSocketSubscriptions(
  { options, limits, prepare }: WebSocketParts,
  { requestId, enterPlace, cutSlow, tellCurrent, writeLine }: Connection,
): WebSocketSubscriptions {
  const running = new Map<string, Running>();

  const end = (id: string): void => {
    const done = running.get(id);
    if (done === undefined) return;
    running.delete(id);
    done.release?.();
    done.stream?.abandon();
    writeLine(describeEnd(done));
  };

  /** Takes a place and prepares the operation; throws if it is refused. */
  const begin = async (
    id: string,
    entry: Running,
    payload: Readonly<Record<string, unknown>>,
    viewer: KnownViewer | null,
  ): Promise<ExecutionArgs> => {
    const isFull = running.size >= limits.subscriptions;
    running.set(id, entry);
    if (viewer === null) throw new Error("a subscription of which nobody knows who sends it");
    if (isFull) throw createTooManyError(limits.subscriptions);
    // The place comes before the check, so that a client that sends thousands of subscriptions is refused at low cost.
    const release = await enterPlace();
    // The client may have gone, or have ended it, while it waited.
    if (running.get(id) === entry) entry.release = release;
    else release();
    const operation = prepare(payload, { requestId, viewer });
    entry.operation = operation;
    const start = (): AsyncGenerator => {
      const onCurrent = () => {
        tellCurrent(id);
      };
      const stream = operation.start({ onSlow: cutSlow, onCurrent });
      entry.stream = stream;
      if (running.get(id) !== entry) stream.abandon();
      return countEvents(stream, entry);
    };
    const { document, operationName } = operation;
    return { schema: options.schema, document, operationName, contextValue: { start } };
  };

  return {
    async prepare(id, payload, viewer) {
      const none = { operation: null, release: null, stream: null, events: 0, decision: null };
      try {
        return await begin(id, { startedAt: performance.now(), ...none }, payload, viewer);
      } catch (error) {
        return [toGraphError(error)];
      }
    },
    fail(id, errors) {
      const formatted = errors.map((error) =>
        formatLiveError(error.originalError ?? error, requestId, options),
      );
      const entry = running.get(id);
      if (entry !== undefined) entry.decision = String(formatted[0]?.extensions?.["code"]);
      end(id);
      return formatted;
    },
    complete: end,
    endAll(decision) {
      for (const [id, entry] of [...running]) {
        entry.decision ??= decision;
        end(id);
      }
    },
  };
}

/** Describes a subscription that has ended, as its line in the log does. */
function describeEnd({ operation, events, startedAt, decision }: Running): Readonly<Record<string, unknown>> {
  return {
    operation: operation?.operationName?.slice(0, MAX_LOGGED_LENGTH) ?? null,
    hash: operation?.hash ?? null,
    cost: operation?.cost ?? null,
    rows: events,
    ms: Math.round(performance.now() - startedAt),
    status: decision === null ? 200 : 400,
    decision: decision ?? "answered",
  };
}

function countEvents<Stream extends AsyncGenerator>(stream: Stream, entry: Running): Stream {
  const next = stream.next.bind(stream);
  stream.next = async (...args) => {
    const result = await next(...args);
    if (result.done !== true) entry.events += 1;
    return result;
  };
  return stream;
}

function toGraphError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error;
  return new GraphQLError("refused", {
    originalError: error instanceof Error ? error : new Error(String(error)),
  });
}

function createTooManyError(allowed: number): HttpError {
  return new HttpError(
    429,
    "TOO_MANY_SUBSCRIPTIONS",
    `A WebSocket may have ${allowed} subscriptions; complete some, or open another one.`,
  );
}
