import type { Socket } from "node:net";
import type { ExecutionArgs, GraphQLFormattedError } from "graphql";
import { GraphQLError } from "graphql";
import { findOwnerName, type Client } from "../admission/client.js";
import { startDeadline } from "../admission/deadline.js";
import type { Gate } from "../admission/gate.js";
import { GRAPHQL_RULE } from "../admission/rules.js";
import { HttpError } from "../errors.js";
import { readClientCertificate } from "../identity/client-certificates.js";
import type { Credentials, KnownViewer } from "../identity/identity.js";
import { END_REASONS, findRefusalReason, SLOW_READER, type CloseReason } from "./close-codes.js";
import type { WebSocketParts } from "./websocket-parts.js";
import { createWebSocketSubscriptions } from "./websocket-subscriptions.js";

/** One WebSocket, from its first message to its end. */
export interface Session {
  readonly requestId: string;
  /**
   * Identifies the client by the first message, the header or the certificate. Closes the connection if it may not
   * enter.
   */
  identify(parameters: Readonly<Record<string, unknown>> | undefined): Promise<boolean>;
  /** Checks a subscription. Gives what to execute, or the errors that refuse it. */
  prepare(
    id: string,
    payload: Readonly<Record<string, unknown>>,
  ): Promise<ExecutionArgs | readonly GraphQLError[]>;
  formatErrors(id: string, errors: readonly GraphQLError[]): readonly GraphQLFormattedError[];
  /** Closes the connection, because its client reads too slowly. */
  readonly cutSlow: () => void;
  /** Ends a subscription that is complete. */
  complete(id: string): void;
  /** Ends the session, because the connection has gone. */
  end(): void;
}

/** A WebSocket as its session sees it. */
interface Connection {
  readonly requestId: string;
  readonly authorization: string | undefined;
  readonly socket: Socket;
  readonly client: Client;
  readonly close: (reason: CloseReason) => void;
  readonly tellCurrent: (id: string) => void;
}

/** Creates the session of a WebSocket that has just been opened. */
export function createSession(parts: WebSocketParts, gate: Gate, connection: Connection): Session {
  const { options, live } = parts;
  const { requestId, client, close, tellCurrent } = connection;
  const gone = new AbortController();
  let viewer: KnownViewer | null = null;
  let ownerName = "";
  let leave: () => void = () => undefined;
  let isSlow = false;

  const writeLine = (fields: Readonly<Record<string, unknown>>): void => {
    const who = { requestId, viewer: viewer?.name ?? null, address: client.address };
    options.log.info({ ...who, method: "WEBSOCKET", path: "/graphql", ...fields }, "request");
  };

  const enter = async (parameters: Readonly<Record<string, unknown>> | undefined): Promise<void> => {
    const credentials = {
      authorization: readAuthorization(parameters) ?? connection.authorization,
      certificate: readClientCertificate(connection.socket),
    };
    const known = await identify(parts, credentials);
    if (gone.signal.aborted) return;
    ownerName = findOwnerName(known, client, options.identity);
    leave = live.enter("websocket", { viewer: known, ownerName }, credentials, (why) => {
      close(END_REASONS[why]);
    });
    gate.keepConnection(connection.socket, ownerName);
    viewer = known;
  };

  const cutSlow = (): void => {
    if (isSlow) return;
    isSlow = true;
    options.liveMeter?.onSlowReader();
    subscriptions.endAll("SLOW_READER");
    close(SLOW_READER);
  };

  const enterPlace = () => gate.subscriptionPlaces.enter(gone.signal, { name: ownerName });
  const subscriptions = createWebSocketSubscriptions(parts, {
    ...{ requestId, enterPlace, cutSlow, tellCurrent, writeLine },
  });

  return {
    requestId,
    async identify(parameters) {
      try {
        await enter(parameters);
        return true;
      } catch (error) {
        const reason = findRefusalReason(error);
        writeLine({ decision: reason.code });
        close(reason);
        // It never resolves: with `false` the library would close the connection with another code.
        return await new Promise<never>(() => undefined);
      }
    },
    prepare: (id, payload) => subscriptions.prepare(id, payload, viewer),
    formatErrors: (id, errors) => subscriptions.fail(id, errors),
    cutSlow,
    complete: (id) => {
      subscriptions.complete(id);
    },
    end() {
      gone.abort();
      leave();
      subscriptions.endAll(null);
    },
  };
}

/**
 * Reads the credentials of the first message. They are the header's text, `{ "authorization": "Bearer …" }`, the name
 * in any case.
 */
function readAuthorization(parameters: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const entry = Object.entries(parameters ?? {}).find(([name]) => name.toLowerCase() === "authorization");
  return typeof entry?.[1] === "string" ? entry[1] : undefined;
}

/** Identifies who sends these credentials. Throws if the viewer may not subscribe, or if that takes too long. */
async function identify(
  { options: { identity }, limits }: WebSocketParts,
  credentials: Credentials,
): Promise<KnownViewer> {
  const deadline = startDeadline(limits.deadlineMs);
  const identified = await deadline
    .race(identity.identify(credentials))
    .catch((error: unknown) => {
      if (!(error instanceof GraphQLError)) throw error;
      throw new HttpError(503, "NOT_AVAILABLE", error.message);
    })
    .finally(() => {
      deadline.clear();
    });
  const refusal = GRAPHQL_RULE.explainRefusal?.(identified) ?? null;
  if (refusal !== null) throw new HttpError(403, "FORBIDDEN", refusal);
  return identified;
}
