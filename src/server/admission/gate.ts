import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { readOvirtCredentials } from "../identity/ovirt-credentials.js";
import { readClientCertificate } from "../identity/client-certificates.js";
import { formatRights, type KnownViewer } from "../identity/identity.js";
import type { Limits } from "../../model/limits.js";
import type { Admitted, ServerOptions } from "../options.js";
import { writeAuditLine } from "./audit.js";
import { checkContentHeaders } from "./content.js";
import { createCostRooms, type CostRooms } from "./cost-rooms.js";
import { checkCrossSite } from "./cross-site.js";
import { checkHost } from "./host-header.js";
import { HttpError, INTERNAL } from "../errors.js";
import { TRANSPORT_SECURITY } from "../security-headers.js";
import { createClientReader, type Client } from "./client.js";
import { createOutbox, type Outbox } from "./outbox.js";
import { createPlaces, type Places } from "./places.js";
import { PAGE_RULE, type EntryRule } from "./rules.js";
import { startVisit, type Visit } from "./visit.js";

declare module "fastify" {
  interface FastifyRequest {
    /** `null` for what is no HTTP at all. */
    visit: Visit | null;
  }
}

/** The one way into the server, for every route. */
export interface Gate {
  /** Registers what comes first: the visit begins, and names that are not ours are refused. Before CORS. */
  readonly begin: (app: FastifyInstance) => void;
  /** Registers the checks, the audit line, and what releases places. After CORS, so that pages can read refusals. */
  readonly guard: (app: FastifyInstance) => void;
  /** Returns the visit of a request. */
  readonly findVisit: (request: FastifyRequest) => Visit;
  /** Whom a request that was let in comes from, and how it works. */
  readonly findAdmitted: (request: FastifyRequest) => Admitted;
  /** Places for all requests. */
  readonly places: Places;
  /** Room for those that cost much, which give their place back for it: cheap ones never wait for them. */
  readonly costRooms: CostRooms;
  /** Places for what stays open: streams, subscriptions. */
  readonly lastingPlaces: Places;
  readonly outbox: Outbox;
  /**
   * Checks the head of a request that becomes a WebSocket, as `begin` and `guard` do for others. Throws what refuses
   * it.
   */
  readonly checkUpgrade: (request: IncomingMessage) => Client;
  /** Tells whether no request has got a place for longer than the deadline, although some want one. */
  readonly isStuck: () => boolean;
}

/** Creates the gate. A request passes, in this order: Host, CORS, other sites' pages, content headers, identity, role. */
export function createGate(options: ServerOptions, limits: Limits): Gate {
  const places = createPlaces(limits);
  const costRooms = createCostRooms(limits);
  const outbox = createOutbox(limits, options.log);
  const lastingPlaces = createPlaces({ running: limits.lasting, waiting: 0 });
  const hostNames = [...options.allowedHosts, options.host];
  const readClient = createClientReader({
    trustedProxies: options.trustedProxies ?? [],
    basePath: options.basePath ?? "",
    secure: options.tls != null,
  });

  const findVisit = (request: FastifyRequest): Visit => {
    const { visit } = request;
    if (visit === null) throw new Error("a request reached a handler without passing the gate");
    return visit;
  };

  const enter = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const visit = findVisit(request);
    const { rule } = visit;
    // A HEAD tells as much as a GET does.
    const method = request.method === "HEAD" ? "GET" : request.method;
    if (rule.crossSite !== "off") {
      const headers = showHost(request.headers, visit.client);
      const checkedMethod = rule.crossSite === "pages" ? "POST" : method;
      checkCrossSite(checkedMethod, headers, { allowedOrigins: options.cors, secure: visit.client.secure });
    }
    if (rule.body === "json") checkContentHeaders(method, request.headers);
    if (rule.explainRefusal !== null) {
      visit.viewer = await identify(request, visit, options);
      const refusal = rule.explainRefusal(visit.viewer);
      if (refusal !== null) throw new HttpError(403, "FORBIDDEN", refusal);
    }
    if (rule.lasting) {
      const release = await lastingPlaces.enter(visit.deadline.signal);
      reply.raw.once("close", release);
      if (reply.raw.closed) release();
    }
  };

  return {
    findVisit: findVisit,
    findAdmitted: (request) => {
      const visit = findVisit(request);
      const { viewer } = visit;
      if (viewer === null) throw new Error("a request of which nobody knows who sends it");
      return {
        viewer,
        checkAgain: async () => {
          const now = await identify(request, visit, options).catch((error: unknown) => {
            if (error instanceof HttpError && error.status === 401) throw error;
            return viewer;
          });
          if (formatRights(now) !== formatRights(viewer)) throw createRightsChangedError();
        },
        request: visit.request,
        basePath: visit.client.basePath,
        work: (job, isLong = false) =>
          isLong && visit.rule.lasting ? visit.runPieceIn(costRooms.longLists, job) : visit.runPiece(job),
      };
    },
    places,
    costRooms,
    lastingPlaces,
    outbox,
    checkUpgrade: (request) => {
      const client = readClient(request);
      checkHost(client.host, hostNames);
      // A browser sends Origin with every WebSocket, and asks nobody first.
      const headers = showHost(request.headers, client);
      checkCrossSite("POST", headers, { allowedOrigins: options.cors, secure: client.secure });
      return client;
    },
    isStuck: () => places.isStuck(limits.deadlineMs) || costRooms.isStuck(limits.deadlineMs),
    begin(app) {
      app.decorateRequest("visit", null);
      app.addHook("onRequest", (request, reply, done) => {
        const rule = findRule(request);
        const client = readClient(request.raw);
        const visit = startVisit(request, { rule, limits, places, client });
        request.visit = visit;
        // Registered before anything is awaited: a client that leaves during the very first wait is noticed, too.
        reply.raw.once("close", () => {
          const isUnanswered = visit.leave(reply.raw.writableFinished);
          outbox.remove(visit.sending);
          // For what no handler answers any more, such as a stream whose client leaves.
          if (!isUnanswered) return;
          const { notes } = visit;
          if (!notes.isLasting) notes.decision ??= "CLIENT_GONE";
          writeAuditLine(request, notes.isLasting ? reply.statusCode : CLIENT_CLOSED_REQUEST, visit, options);
        });
        if (client.secure) reply.headers(TRANSPORT_SECURITY);
        // Answers that depend on who asks, and in which form, must not be kept for others.
        if (rule.explainRefusal !== null) reply.header("vary", "Authorization, Accept");
        if (rule.checksHost) checkHost(client.host, hostNames);
        done();
      });
    },
    guard(app) {
      app.addHook("onRequest", enter);
      app.addHook("onError", (request, _reply, error, done) => {
        const { visit } = request;
        if (visit !== null) visit.notes.decision = findErrorCode(error);
        done();
      });
      app.addHook("onSend", (request, reply, payload, done) => {
        // What is no HTTP at all has no visit.
        const { visit } = request;
        if (visit?.notes.isLasting === false && visit.markAnswered())
          writeAuditLine(request, reply.statusCode, visit, options);
        if (visit === null || request.method === "HEAD") {
          done(null, payload);
          return;
        }
        outbox.remove(visit.sending);
        const { sending, sent } = outbox.add(request.socket, payload);
        visit.sending = sending;
        const isWhole = typeof payload === "string" || Buffer.isBuffer(payload);
        if (isWhole && sent !== payload) reply.header("content-length", Buffer.byteLength(payload));
        done(null, sent);
      });
    },
  };
}

/** Paths where there is nothing have no route, and so the rule of pages. */
function findRule(request: FastifyRequest): EntryRule {
  const rule = request.routeOptions.config.rule;
  if (rule !== undefined || request.is404) return rule ?? PAGE_RULE;
  throw new Error(`${request.routeOptions.url ?? "a route"} states no rule; it stays closed`);
}

/** Returns the headers with the name by which the client sees us, which a proxy may tell otherwise. */
function showHost(headers: IncomingHttpHeaders, { host }: Client): IncomingHttpHeaders {
  return headers.host === host ? headers : { ...headers, host };
}

/** Identifies who sends the request, by its header or its certificate. */
async function identify(
  request: FastifyRequest,
  { deadline, rule }: Visit,
  { identity }: ServerOptions,
): Promise<KnownViewer> {
  return deadline.race(
    identity.identify({
      authorization: rule.takesOvirtCredentials
        ? readOvirtCredentials(request.headers.authorization)
        : request.headers.authorization,
      certificate: readClientCertificate(request.raw.socket),
    }),
  );
}

function createRightsChangedError(): HttpError {
  return new HttpError(401, "UNAUTHENTICATED", "What these credentials allow has changed; ask again.");
}

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
