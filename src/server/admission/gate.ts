import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Limits } from "../../model/limits.js";
import type { Admitted, ServerOptions } from "../options.js";
import { writeAuditLine } from "./audit.js";
import { watchBreaks } from "./broken-answers.js";
import { boundConnections, createKeptConnections, type OpenConnections } from "./connection-bound.js";
import { createCostRooms, type CostRooms } from "./places/cost-rooms.js";
import { checkHost } from "./checks/host-header.js";
import { HttpError, INTERNAL } from "../errors.js";
import { findMessageRefusal } from "../messages/malformed.js";
import { checkMessage } from "../messages/message-check.js";
import { TRANSPORT_SECURITY } from "../security-headers.js";
import { createClientReader, type Client } from "./client.js";
import { checkUpgrade, enter, findAdmitted, findVisit, holdConnection, type GateParts } from "./enter.js";
import { createOpenLists } from "./places/open-lists.js";
import { createOutbox, type Outbox } from "./outbox.js";
import { receiveConnections } from "./reception.js";
import { createRefusalPace } from "./refusal-pace.js";
import { createPlaces, type Places } from "./places/places.js";
import { createStartTurns, type StartTurns } from "./places/start-turns.js";
import { createSubscriptionPlaces, type SubscriptionPlaces } from "./places/subscription-places.js";
import { PAGE_RULE, type EntryRule } from "./rules.js";
import { startVisit, type Visit } from "./visit.js";

/** The one way into the server, for every route. */
export interface Gate {
  /**
   * Lets connections wait for their turn, and bounds their number. Call it before anything else listens to connections, and
   * before their requests are put into order.
   */
  readonly receive: (server: Server) => void;
  /**
   * Registers the first step: it starts the visit, and refuses host names that are not ours. Call it before CORS is
   * registered.
   */
  readonly begin: (app: FastifyInstance) => void;
  /**
   * Registers the checks, the audit line and the sending of answers. Call it after CORS is registered, so that pages
   * can read refusals.
   */
  readonly guard: (app: FastifyInstance) => void;
  /** Returns the visit of a request. */
  readonly findVisit: (request: FastifyRequest) => Visit;
  /** Returns who sent a request that was let in, and the functions that its handler works with. */
  readonly findAdmitted: (request: FastifyRequest) => Admitted;
  /** Places for all requests. */
  readonly places: Places;
  /** Rooms for costly requests. Such a request exchanges its place for room there, so that cheap ones never wait for it. */
  readonly costRooms: CostRooms;
  /** Places for subscriptions, whichever connection they come by. */
  readonly subscriptionPlaces: SubscriptionPlaces;
  readonly outbox: Outbox;
  /** Checks the head of a request that becomes a WebSocket, as `begin` and `guard` do for others. Throws the refusal. */
  readonly checkUpgrade: (request: IncomingMessage) => Client;
  /**
   * Keeps the connection of a viewer who is known by now from being closed for another one. Throws 429 if the owner has too
   * many such connections.
   */
  readonly keepConnection: (socket: Socket, ownerName: string) => void;
  /** In which turns of the event loop requests begin. */
  readonly turns: StartTurns;
  /** Tells whether no request has got a place for longer than the deadline, although some want one. */
  readonly isStuck: () => boolean;
}

/** Creates the gate. A request passes, in this order: Host, CORS, other sites' pages, content headers, identity, role. */
export function createGate(options: ServerOptions, limits: Limits): Gate {
  const turns = createStartTurns();
  const places = createPlaces(limits, turns);
  const costRooms = createCostRooms(limits, turns);
  const lastingPlaces = {
    subscriptions: createSubscriptionPlaces(limits),
    lists: createPlaces({ running: limits.lasting, waiting: 0 }),
  };
  const outbox = createOutbox(limits, options.log);
  const hostNames = [...options.allowedHosts, options.host];
  const readClient = createClientReader({
    trustedProxies: options.trustedProxies ?? [],
    basePath: options.basePath ?? "",
    secure: options.tls != null,
  });
  const openLists = createOpenLists(limits);
  const refusals = createRefusalPace();
  let connections: OpenConnections | null = null;
  const unidentified = new WeakSet<IncomingMessage>();
  const keptConnections = createKeptConnections(limits);
  const parts = {
    options,
    unidentified,
    keptConnections,
    limits,
    places,
    lastingPlaces,
    costRooms,
    openLists,
    outbox,
    hostNames,
    readClient,
  };
  return {
    findVisit,
    turns,
    findAdmitted: (request) => findAdmitted(request, parts),
    places,
    costRooms,
    subscriptionPlaces: lastingPlaces.subscriptions,
    outbox,
    checkUpgrade: (request) => checkUpgrade(request, parts),
    keepConnection: (socket, ownerName) => {
      const forget = keptConnections.enter({ name: ownerName });
      if (socket.destroyed) forget();
      else socket.once("close", forget);
      connections?.keep(socket);
    },
    isStuck: () => places.isStuck(limits.deadlineMs) || costRooms.isStuck(limits.deadlineMs),
    receive(server) {
      const reception = receiveConnections(server, turns, Math.ceil(limits.connections * RECEPTION_SHARE));
      connections = boundConnections(server, limits.connections, {
        isHeld: reception.holds,
        isUnknown: (request) => unidentified.has(request),
      });
      server.on("connection", () => {
        turns.noteArrival();
      });
    },
    begin(app) {
      app.decorateRequest("visit", null);
      app.addHook("onRequest", (request, reply, done) => {
        beginVisit(request, reply, parts);
        done();
      });
    },
    guard(app) {
      app.addHook("onRequest", (request) => enter(request, parts));
      app.addHook("preHandler", (request, _reply, done) => {
        try {
          const hold = (): void => {
            holdConnection(request, parts);
          };
          if (request.raw.complete || request.visit === null) hold();
          else request.visit.holdConnection = hold;
          done();
        } catch (error) {
          done(error as HttpError);
        }
      });
      app.addHook("onError", async (request, _reply, error) => {
        const { visit } = request;
        if (visit === null) return;
        const code = findErrorCode(error);
        visit.notes.decision = code;
        if (code === null || !PACED_CODES.has(code)) return;
        // The refusal may be held for a while, and its connection may make room for another one meanwhile.
        connections?.markWaiting(request.socket);
        await refusals.wait(visit.owner);
      });
      app.addHook("onSend", (request, reply, payload, done) => {
        // Only sending is left. The number of such requests of a known viewer is bounded elsewhere.
        if (request.visit?.viewer == null) connections?.markWaiting(request.socket);
        watchBreaks(request, reply, payload, options.log);
        done(null, sendOut(request, reply, payload, parts));
      });
    },
  };
}

/** The share of all connections that may wait for their turn. The others are left for those that had it. */
const RECEPTION_SHARE = 3 / 4;

/** Begins the visit of a request, and refuses messages that are not valid, and names that are not ours. */
function beginVisit(request: FastifyRequest, reply: FastifyReply, parts: GateParts): void {
  const { limits, places, hostNames, readClient } = parts;
  const rule = findRule(request);
  const client = readClient(request.raw);
  const visit = startVisit(request, { rule, limits, places, client });
  request.visit = visit;
  // Registered before anything is awaited: a client that leaves during the very first wait is noticed, too.
  reply.raw.once("close", () => {
    endVisit(request, reply, visit, parts);
  });
  if (client.secure) reply.headers(TRANSPORT_SECURITY);
  // Answers that depend on who asks, and in which form, must not be kept for others.
  if (rule.explainRefusal !== null) reply.header("vary", "Authorization, Accept");
  checkMessage(request.raw);
  if (rule.checksHost) checkHost(client.host, hostNames);
}

/** Ends the visit when its answer was sent, or its client has left. Writes the audit line if nobody answered. */
function endVisit(request: FastifyRequest, reply: FastifyReply, visit: Visit, parts: GateParts): void {
  const isUnanswered = visit.leave(reply.raw.writableFinished);
  parts.outbox.remove(visit.sending);
  // No handler answers it any more: its client has left before the answer, or a stream has ended.
  if (!isUnanswered) return;
  const { notes } = visit;
  const refusal = findMessageRefusal(request.raw);
  if (!notes.isLasting) notes.decision ??= refusal?.code ?? "CLIENT_GONE";
  const status = notes.isLasting ? reply.statusCode : (refusal?.status ?? CLIENT_CLOSED_REQUEST);
  writeAuditLine(request, status, visit, parts.options);
}

/** Writes the audit line, and gives the answer to the outbox. Returns what is to be sent. */
function sendOut(request: FastifyRequest, reply: FastifyReply, payload: unknown, parts: GateParts): unknown {
  // Bytes that are not HTTP have no visit.
  const { visit } = request;
  if (visit?.notes.isLasting === false && visit.markAnswered()) {
    writeAuditLine(request, reply.statusCode, visit, parts.options);
  }
  if (visit === null || request.method === "HEAD") return payload;
  parts.outbox.remove(visit.sending);
  const { sending, sent, length } = parts.outbox.add(request.socket, payload);
  visit.sending = sending;
  if (length !== null) reply.header("content-length", length);
  return sent;
}

/**
 * Finds the rule of a request's route. A path that does not exist has no route, and gets the rule of pages. Throws if a
 * route states no rule.
 */
function findRule(request: FastifyRequest): EntryRule {
  const rule = request.routeOptions.config.rule;
  if (rule !== undefined || request.is404) return rule ?? PAGE_RULE;
  throw new Error(`${request.routeOptions.url ?? "a route"} states no rule; it stays closed`);
}

/** The refusals that clients answer by asking again, and those that anybody can have without end. */
const PACED_CODES: ReadonlySet<string> = new Set([
  ...["OVERLOADED", "TOO_MANY_LISTS", "TOO_MANY_CONNECTIONS"],
  ...["UNAUTHENTICATED", "IDENTITY_UNAVAILABLE"],
]);

/** nginx's status for a client that left before it was answered. */
const CLIENT_CLOSED_REQUEST = 499;

/**
 * Finds the code that the audit line shows for an error; `null` for errors of rooms that have none, such as REST's
 * faults.
 */
function findErrorCode(error: Error): string | null {
  if (error instanceof HttpError) return error.code;
  const extensions = "extensions" in error ? error.extensions : null;
  if (typeof extensions === "object" && extensions !== null && "code" in extensions) {
    return String(extensions.code);
  }
  const isExpected = "status" in error || "statusCode" in error;
  return isExpected ? null : INTERNAL;
}
