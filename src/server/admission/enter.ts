import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { FastifyRequest } from "fastify";
import type { Limits } from "../../model/limits.js";
import { HttpError } from "../errors.js";
import { readClientCertificate } from "../identity/client-certificates.js";
import { formatRights, type KnownViewer } from "../identity/identity.js";
import { readOvirtCredentials } from "../identity/ovirt-credentials.js";
import type { ViewerCounts } from "../identity/viewer-counts.js";
import { checkMessage } from "../messages/message-check.js";
import type { Admitted, ServerOptions } from "../options.js";
import { findOwnerName, type Client } from "./client.js";
import { checkContentHeaders } from "./checks/content.js";
import type { CostRooms } from "./places/cost-rooms.js";
import { checkCrossSite } from "./checks/cross-site.js";
import { checkHost } from "./checks/host-header.js";
import type { OpenLists } from "./places/open-lists.js";
import type { Outbox } from "./outbox.js";
import type { Places } from "./places/places.js";
import type { SubscriptionPlaces } from "./places/subscription-places.js";
import type { Visit } from "./visit.js";

declare module "fastify" {
  interface FastifyRequest {
    /** `null` if the bytes were no HTTP request. */
    visit: Visit | null;
  }
}

/** Places for what stays open. Lists have their own, so that subscriptions, of which a client may open many, keep nobody from reading. */
export interface LastingPlaces {
  readonly subscriptions: SubscriptionPlaces;
  readonly lists: Places;
}

/** What the steps of the gate share. */
export interface GateParts {
  /** The requests of which it is not known yet who sends them. */
  readonly unidentified: WeakSet<IncomingMessage>;
  /** The connections that never make room for others. */
  readonly keptConnections: ViewerCounts;
  readonly options: ServerOptions;
  readonly limits: Limits;
  readonly places: Places;
  readonly lastingPlaces: LastingPlaces;
  readonly costRooms: CostRooms;
  readonly openLists: OpenLists;
  readonly outbox: Outbox;
  /** Names by which clients may address us. */
  readonly hostNames: readonly string[];
  readonly readClient: (request: IncomingMessage) => Client;
}

/**
 * Lets a request in, or throws its refusal. It checks in this order:
 * 1. where the route's rule says so: no page of another site sent it, and the headers announce JSON;
 * 2. identity and role;
 * 3. a place among those for connections that stay open, if the route's answer stays open.
 */
export async function enter(request: FastifyRequest, parts: GateParts): Promise<void> {
  const { options, lastingPlaces } = parts;
  const visit = findVisit(request);
  const { rule } = visit;
  // The answer to a HEAD reveals as much as the answer to a GET, so both have the same check.
  const method = request.method === "HEAD" ? "GET" : request.method;
  if (rule.crossSite !== "off") {
    checkSite(rule.crossSite === "pages" ? "POST" : method, request.headers, visit.client, options);
  }
  if (rule.body === "json") checkContentHeaders(method, request.headers);
  if (rule.explainRefusal !== null) {
    parts.unidentified.add(request.raw);
    visit.viewer = await identify(request, visit, options);
    parts.unidentified.delete(request.raw);
    visit.nameOwner(findOwnerName(visit.viewer, visit.client, options.identity));
    const refusal = rule.explainRefusal(visit.viewer);
    if (refusal !== null) throw new HttpError(403, "FORBIDDEN", refusal);
  }
  if (rule.lasting) {
    const { deadline, ownerName } = visit;
    const place =
      rule.queue === "graph"
        ? lastingPlaces.subscriptions.enter(deadline.signal, { name: ownerName })
        : lastingPlaces.lists.enter(deadline.signal);
    visit.holdUntilLeft(await place);
  }
}

/**
 * Takes the connection of a request off those that make room, for as long as the request is there. Throws 429 if its owner has too
 * many of them. A request whose body has not come makes room, so it takes no share of its owner's, who may be many people.
 */
export function holdConnection(request: FastifyRequest, { keptConnections }: GateParts): void {
  const { visit } = request;
  if (visit === null || visit.viewer === null) return;
  visit.holdUntilLeft(keptConnections.enter({ name: visit.ownerName }));
}

/** Checks the head of a request that becomes a WebSocket, and returns its client. Throws the refusal. */
export function checkUpgrade(
  request: IncomingMessage,
  { options, hostNames, readClient }: GateParts,
): Client {
  const client = readClient(request);
  checkMessage(request);
  checkHost(client.host, hostNames);
  // A browser opens WebSockets without a preflight, and sends Origin with each, as with a POST.
  checkSite("POST", request.headers, client, options);
  return client;
}

/** Returns the visit of a request; each request that reaches a handler has one. */
export function findVisit({ visit }: FastifyRequest): Visit {
  if (visit === null) throw new Error("a request reached a handler without passing the gate");
  return visit;
}

/** Returns who sent a request that was let in, and the functions that its handler works with. */
export function findAdmitted(
  request: FastifyRequest,
  { options, costRooms, openLists }: GateParts,
): Admitted {
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
    openList: () => {
      visit.holdUntilLeft(openLists.enter({ name: visit.ownerName }));
    },
    request: visit.request,
    basePath: visit.client.basePath,
    work: (job, isLong = false) =>
      visit.rule.lasting
        ? visit.runPieceIn(isLong ? costRooms.longLists : costRooms.pages, job)
        : visit.runPiece(job),
  };
}

/**
 * Refuses what a page of another site sends. Origin is compared with the name that the client used for us; a proxy may
 * send another one.
 */
function checkSite(
  method: string,
  headers: IncomingHttpHeaders,
  { host, secure }: Client,
  { cors }: ServerOptions,
): void {
  const shown = headers.host === host ? headers : { ...headers, host };
  checkCrossSite(method, shown, { allowedOrigins: cors, secure });
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
