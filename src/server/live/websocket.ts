import { randomUUID } from "node:crypto";
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { handleProtocols, makeServer } from "graphql-ws";
import type { FormattedExecutionResult } from "graphql";
import { WebSocketServer, type WebSocket } from "ws";
import type { Client } from "../admission/client.js";
import type { Gate } from "../admission/gate.js";
import { HttpError } from "../errors.js";
import { normalizeTarget } from "../request-target.js";
import { endWithRefusal } from "../messages/socket-answer.js";
import { INTERNAL_FAILURE, TOO_LONG_NAME, TOO_MANY_MESSAGES, type CloseReason } from "./close-codes.js";
import { hasLongNameOrId } from "./long-names.js";
import { createMessageTurns } from "./message-turns.js";
import type { WebSocketParts } from "./websocket-parts.js";
import { createSession, type Session } from "./websocket-session.js";

/**
 * Accepts WebSockets at `/graphql` with the protocol graphql-transport-ws. Host and Origin are checked as for every
 * request. The first message, the header or the certificate identifies the client.
 */
export function acceptWebSockets(server: Server, gate: Gate, parts: WebSocketParts): void {
  const { limits, options } = parts;
  const mostParts = Math.ceil(Math.max(limits.frameBytes, LEAST_FRAME_BYTES) / LEAST_PART_BYTES);
  const acceptor = new WebSocketServer({
    noServer: true,
    maxPayload: limits.frameBytes,
    maxFragments: mostParts,
    maxBufferedChunks: mostParts,
    perMessageDeflate: false,
    handleProtocols: (protocols) => handleProtocols(protocols),
  });
  const turns = createMessageTurns();
  const protocol = makeServer<Record<string, unknown>, { session: Session }>({
    connectionInitWaitTimeout: limits.initMs,
    onConnect: ({ connectionParams, extra }) => extra.session.identify(connectionParams),
    onSubscribe: (_ctx, id, payload) => _ctx.extra.session.prepare(id, { ...payload }),
    subscribe: ({ contextValue }) => (contextValue as { start(): AsyncGenerator<never> }).start(),
    // The operation has formatted it already.
    onNext: (_ctx, _id, _payload, _args, result) => toSent(result),
    onError: ({ extra }, id, _payload, errors) => [...extra.session.formatErrors(id, errors)],
    onComplete: ({ extra }, id) => {
      extra.session.complete(id);
    },
  });
  acceptor.on("wsClientError", ({ message }, socket) => {
    refuseUpgrade(socket, createHandshakeError(message));
  });
  server.on("connect", (_request: IncomingMessage, socket: Duplex) => {
    destroyOnError(socket);
    refuseUpgrade(
      socket,
      new HttpError(405, "METHOD_NOT_ALLOWED", "This is no proxy.", { allow: "GET, HEAD, POST" }),
    );
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    destroyOnError(socket);
    let client: Client;
    try {
      client = checkHead(request, gate, parts);
    } catch (error) {
      refuseUpgrade(socket, error);
      return;
    }
    acceptor.handleUpgrade(request, socket, head, (webSocket) => {
      serveWebSocket(webSocket, request, client);
    });
  });

  function serveWebSocket(webSocket: WebSocket, request: IncomingMessage, client: Client): void {
    const session = createSession(parts, gate, {
      requestId: randomUUID(),
      authorization: request.headers.authorization,
      socket: request.socket,
      client,
      close: (reason) => {
        closeSoon(webSocket, reason);
      },
      // The protocol has no message for this, so it is a ping. Clients answer every ping, and those that do not know
      // this one lose nothing.
      tellCurrent: (id) => {
        void send(webSocket, JSON.stringify({ type: "ping", payload: { current: id } }));
      },
    });
    webSocket.on("error", (error) => {
      options.log.debug({ err: error, requestId: session.requestId }, "WebSocket failed");
    });
    const closed = protocol.opened(
      {
        protocol: webSocket.protocol,
        send: (data) => {
          if (webSocket.bufferedAmount > limits.socketBytes) session.cutSlow();
          return send(webSocket, data);
        },
        close: (code = 1_000, reason = "") => {
          closeSoon(webSocket, { code, reason });
        },
        onMessage: (handle) => {
          const messages = turns.open({
            handle: (data) => {
              const message = data.toString();
              if (hasLongNameOrId(message)) {
                closeSoon(webSocket, TOO_LONG_NAME);
                return;
              }
              // The handler answers wrong messages by itself, so an error here means that the connection has gone.
              handle(message).catch((error: unknown) => {
                options.log.debug({ err: error, requestId: session.requestId }, "WebSocket message failed");
                closeSoon(webSocket, INTERNAL_FAILURE);
              });
            },
            pause: () => {
              webSocket.pause();
            },
            resume: () => {
              webSocket.resume();
            },
            onFlood: () => {
              closeSoon(webSocket, TOO_MANY_MESSAGES);
              // Reading goes on, to receive the client's answer to the close frame.
              webSocket.resume();
            },
          });
          webSocket.on("message", messages.take);
          webSocket.once("close", messages.close);
        },
      },
      { session },
    );
    const stopPinging = keepAlive(webSocket);
    webSocket.once("close", (code, reason) => {
      stopPinging();
      session.end();
      void closed(code, reason.toString());
    });
  }
}

/**
 * Gives an answer the type that the library sends. The library declares errors as GraphQLError; ours are formatted
 * already.
 */
function toSent(result: object): FormattedExecutionResult {
  return result;
}

function checkHead(request: IncomingMessage, gate: Gate, { options, isDraining }: WebSocketParts): Client {
  const client = gate.checkUpgrade(request);
  if (request.method !== "GET") {
    throw new HttpError(405, "METHOD_NOT_ALLOWED", "A WebSocket is asked for by GET.", { allow: "GET" });
  }
  const [path] = normalizeTarget(request.url ?? "/", options.basePath ?? "").split(/[?#]/, 1);
  if (path !== "/graphql") {
    throw new HttpError(404, "NOT_FOUND", "WebSockets are answered at /graphql.");
  }
  if (isDraining()) throw new HttpError(503, "NOT_AVAILABLE", "The server stops. Connect again.");
  const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((each) => each.trim());
  if (offered.includes("graphql-transport-ws")) return client;
  const isOld = offered.includes("graphql-ws");
  throw new HttpError(
    400,
    "PROTOCOL_NOT_SUPPORTED",
    isOld
      ? "The protocol graphql-ws of subscriptions-transport-ws is not spoken here; use a client of graphql-transport-ws, such as the library graphql-ws."
      : "Ask for the WebSocket subprotocol graphql-transport-ws.",
  );
}

/** Creates the refusal of a head that is no valid handshake of a WebSocket, with what the library says of it. */
function createHandshakeError(reason: string): HttpError {
  return new HttpError(400, "PROTOCOL_NOT_SUPPORTED", `This is no handshake of a WebSocket: ${reason}.`, {
    "sec-websocket-version": "13",
  });
}

/**
 * Destroys a socket on an error, which may come before it is a WebSocket. This is a separate function, because the
 * listener lives as long as the socket; made inside the handler, it would keep the request with all its headers.
 */
function destroyOnError(socket: Duplex): void {
  socket.on("error", () => socket.destroy());
}

function refuseUpgrade(socket: Duplex, error: unknown): void {
  endWithRefusal(
    socket,
    error instanceof HttpError ? error : new HttpError(400, "BAD_REQUEST", "The request is not valid."),
  );
}

/**
 * Closes a connection. If the client does not answer the close frame within {@link CLOSE_MS}, the connection is cut
 * off.
 */
function closeSoon(webSocket: WebSocket, { code, reason }: CloseReason): void {
  if (webSocket.readyState !== webSocket.OPEN) return;
  webSocket.close(code, reason);
  const timer = setTimeout(() => {
    webSocket.terminate();
  }, CLOSE_MS);
  timer.unref();
  webSocket.once("close", () => {
    clearTimeout(timer);
  });
}

/** Resolves when the network has taken the message. */
function send(webSocket: WebSocket, data: string): Promise<void> {
  return new Promise((resolve) => {
    // If the connection has gone, the message is lost; its subscriptions end with it.
    webSocket.send(data, () => {
      resolve();
    });
  });
}

/** Ends a connection whose other side does not answer any more. */
function keepAlive(webSocket: WebSocket): () => void {
  let isAlive = true;
  webSocket.on("pong", () => (isAlive = true));
  const timer = setInterval(() => {
    if (!isAlive) {
      webSocket.terminate();
      return;
    }
    isAlive = false;
    webSocket.ping();
  }, PING_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
  };
}

/** Time between two pings. Most proxies drop a connection that is silent for twice as long. */
const PING_MS = 30_000;

/** Time that a client has to read what was sent to it, and the close frame with the reason. */
const CLOSE_MS = 5_000;

/**
 * A message may come in parts of this size on average: fragments, or packets of one frame. Each part is a buffer of its own, which
 * takes about a hundred bytes however small it is, until the message is complete.
 */
const LEAST_PART_BYTES = 128;

/** The parts of a message that is allowed to be smaller are counted as if it had this size. */
const LEAST_FRAME_BYTES = 16 * 1024;
