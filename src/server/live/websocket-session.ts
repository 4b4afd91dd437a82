import type { Socket } from "node:net";
import type { ExecutionArgs, GraphQLFormattedError } from "graphql";
import { GraphQLError } from "graphql";
import type { Client } from "../admission/client.js";
import { startDeadline } from "../admission/deadline.js";
import type { Gate } from "../admission/gate.js";
import type { Release } from "../admission/places.js";
import { GRAPHQL_RULE } from "../admission/rules.js";
import { HttpError } from "../errors.js";
import { readClientCertificate } from "../identity/client-certificates.js";
import type { KnownViewer } from "../identity/identity.js";
import type { LiveEnd } from "./connections.js";
import { formatLiveError, type LiveOperation } from "./operations.js";
import type { WebSocketParts } from "./websocket-parts.js";

/** One WebSocket, from its first message to its end. */
export interface Session {
  readonly requestId: string;
  /**
   * Identifies the client by the first message, the header or the certificate. Closes the connection if it may not
   * enter.
   */
  identify(parameters: Readonly<Record<string, unknown>> | undefined): Promise<boolean>;
  /** Checks a subscription; the errors if it is refused. */
  prepare(
    id: string,
    payload: Readonly<Record<string, unknown>>,
  ): Promise<ExecutionArgs | readonly GraphQLError[]>;
  formatErrors(id: string, errors: readonly GraphQLError[]): readonly GraphQLFormattedError[];
  /** The client reads too slowly: the connection is closed. */
  readonly cutSlow: () => void;
  /** A subscription has ended. */
  complete(id: string): void;
  /** The connection has gone. */
  end(): void;
}

interface Running {
  readonly startedAt: number;
  operation: LiveOperation | null;
  release: Release | null;
  stream: { abandon(): void } | null;
  events: number;
  decision: string | null;
}

/** Creates the session of a WebSocket that has just been opened. */
export function createSession(
  { options, limits, prepare, live }: WebSocketParts,
  gate: Gate,
  connection: {
    readonly requestId: string;
    readonly authorization: string | undefined;
    readonly socket: Socket;
    readonly client: Client;
    readonly close: (code: number, reason: string) => void;
  },
): Session {
  const { requestId, client, close } = connection;
  const running = new Map<string, Running>();
  const gone = new AbortController();
  let viewer: KnownViewer | null = null;
  let leave: () => void = () => undefined;

  const enter = async (parameters: Readonly<Record<string, unknown>> | undefined): Promise<void> => {
    const credentials = {
      authorization: readAuthorization(parameters) ?? connection.authorization,
      certificate: readClientCertificate(connection.socket),
    };
    const deadline = startDeadline(limits.deadlineMs);
    const identified = await Promise.race([options.identity.identify(credentials), deadline.expired]).finally(
      () => {
        deadline.clear();
      },
    );
    if (identified instanceof Error) throw new HttpError(503, "NOT_AVAILABLE", identified.message);
    const known = identified;
    const refusal = GRAPHQL_RULE.explainRefusal?.(known) ?? null;
    if (refusal !== null) throw new HttpError(403, "FORBIDDEN", refusal);
    if (gone.signal.aborted) return;
    leave = live.enter("websocket", known, credentials, (why) => {
      close(...ENDS[why]);
    });
    viewer = known;
  };

  const finish = (id: string): void => {
    const done = running.get(id);
    if (done === undefined) return;
    running.delete(id);
    done.release?.();
    done.stream?.abandon();
    options.log.info(
      {
        requestId,
        viewer: viewer?.name ?? null,
        address: client.address,
        method: "WEBSOCKET",
        path: "/graphql",
        operation: done.operation?.operationName ?? null,
        hash: done.operation?.hash ?? null,
        cost: done.operation?.cost ?? null,
        rows: done.events,
        ms: Math.round(performance.now() - done.startedAt),
        status: done.decision === null ? 200 : 400,
        decision: done.decision ?? "answered",
      },
      "request",
    );
  };

  let isSlow = false;
  const cutSlow = (): void => {
    if (isSlow) return;
    isSlow = true;
    options.liveMeter?.onSlowReader();
    for (const [id, entry] of running) {
      entry.decision ??= "SLOW_READER";
      finish(id);
    }
    close(CLOSE_SLOW, "Read faster");
  };

  return {
    requestId,
    async identify(parameters) {
      try {
        await enter(parameters);
        return true;
      } catch (error) {
        const { code, message } = findCloseCode(error);
        options.log.info(
          {
            requestId,
            viewer: null,
            address: client.address,
            method: "WEBSOCKET",
            path: "/graphql",
            decision: code,
          },
          "request",
        );
        close(code, message);
        // Not answered with `false`, which would close it with another code.
        return await new Promise<never>(() => undefined);
      }
    },
    async prepare(id, payload) {
      const entry: Running = {
        startedAt: performance.now(),
        ...{ operation: null, release: null, stream: null, events: 0, decision: null },
      };
      const isFull = running.size >= limits.subscriptions;
      running.set(id, entry);
      try {
        if (viewer === null) throw new Error("a subscription of which nobody knows who sends it");
        if (isFull) throw createTooManyError(limits.subscriptions);
        // Before anything is read of it: who sends thousands of them is refused at next to no cost.
        const release = await gate.lastingPlaces.enter(gone.signal);
        // The client may have gone, or have ended it, while it waited.
        if (running.get(id) === entry) entry.release = release;
        else release();
        const operation = prepare(payload, { requestId, viewer });
        entry.operation = operation;
        return {
          schema: options.schema,
          document: operation.document,
          operationName: operation.operationName,
          contextValue: {
            start: () => {
              const stream = operation.start(cutSlow);
              entry.stream = stream;
              if (running.get(id) !== entry) stream.abandon();
              return countEvents(stream, entry);
            },
          },
        };
      } catch (error) {
        return [toGraphError(error)];
      }
    },
    formatErrors(id, errors) {
      const formatted = errors.map((error) =>
        formatLiveError(error.originalError ?? error, requestId, options),
      );
      const code = formatted[0]?.extensions?.["code"];
      const entry = running.get(id);
      if (entry !== undefined) entry.decision = String(code);
      finish(id);
      return formatted;
    },
    cutSlow,
    complete: finish,
    end() {
      gone.abort();
      leave();
      for (const id of [...running.keys()]) finish(id);
    },
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

/** As in the header: `{ "authorization": "Bearer …" }`, the name in any case. */
function readAuthorization(parameters: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const entry = Object.entries(parameters ?? {}).find(([name]) => name.toLowerCase() === "authorization");
  return typeof entry?.[1] === "string" ? entry[1] : undefined;
}

function findCloseCode(error: unknown): { code: number; message: string } {
  if (!(error instanceof HttpError)) return { code: 4_500, message: "Internal error" };
  const code = { 401: 4_401, 403: 4_403, 429: 4_429 }[error.status] ?? 1_013;
  // A reason has 123 bytes at most.
  return { code, message: error.message.slice(0, 120) };
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

/** Close codes by why the server ends a connection. */
const ENDS: Readonly<Record<LiveEnd, readonly [code: number, reason: string]>> = {
  restart: [1_012, "The server stops; connect again and go on after the last cursor"],
  expired: [4_403, "The credentials are not valid any more"],
  changed: [4_291, "What you may see has changed; connect again"],
};

/** The client read too slowly. */
const CLOSE_SLOW = 4_290;
