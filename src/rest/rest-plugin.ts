import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Loaders } from "../loaders/loaders.js";
import { formatMediaType, formatDocument, type RestDocument } from "./elements/document.js";
import { BASE } from "./elements/elements.js";
import { prefixLinks } from "./elements/links.js";
import { OvirtFaultError, toFault } from "./fault.js";
import { negotiateFormat } from "./request/format.js";
import { OPENAPI } from "./openapi/openapi.js";
import { ROUTES } from "./routes.js";

/** What the REST flow is given; it knows neither store nor identity. */
export interface RestOptions {
  /**
   * The loaders of one request, for what its viewer may see. Whoever may ask nothing is refused here, by an error with a
   * `status` or a code of the graph's; it is answered as a fault.
   */
  readonly loadersFor: (request: FastifyRequest) => Loaders | Promise<Loaders>;
  /** The path in front of all paths, as the request's client sees the server; "" unless given. */
  readonly basePathFor?: (request: FastifyRequest) => string;
  /** Told of errors that nobody foresaw; the client is told the request's id alone. */
  readonly onError?: (error: unknown, request: FastifyRequest) => void;
}

/** The feature page's REST flow under `/ovirt-engine/api`, to be registered in a Fastify with guards around it. */
export function restPlugin(app: FastifyInstance, options: RestOptions, done: () => void): void {
  // Nothing here reads a body, so none is parsed, whatever it is said to be.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, _payload, parsed) => {
    parsed(null, undefined);
  });
  app.addHook("onRequest", (_request, reply, next) => {
    reply.headers({ "cache-control": "no-store", vary: "Accept, All-Content, Authorization" });
    next();
  });
  app.setErrorHandler((error, request, reply) => sendFault(request, reply, error, options));
  for (const { path, answer } of ROUTES) {
    app.route({
      method: ["GET", "HEAD"],
      url: `${BASE}${path}`,
      handler: async (request, reply) => {
        // Refused before anything is read.
        const format = negotiateFormat(request.headers.accept);
        if (format === null) {
          throw new OvirtFaultError(406, "Accept: answers are application/xml or application/json");
        }
        const loaders = await options.loadersFor(request);
        const { headers = {}, ...document } = await answer(request, loaders);
        const basePath = options.basePathFor?.(request) ?? "";
        const link = headers["link"]?.replace("<", `<${basePath}`);
        return reply
          .headers(link === undefined ? headers : { ...headers, link })
          .type(formatMediaType(format))
          .send(formatDocument(prefixLinks(document, basePath), format));
      },
    });
  }
  app.route({
    method: ["GET", "HEAD"],
    url: `${BASE}/openapi.json`,
    handler: async (request, reply) => {
      await options.loadersFor(request);
      const url = `${options.basePathFor?.(request) ?? ""}${BASE}`;
      return reply.type(formatMediaType("json")).send(JSON.stringify({ ...OPENAPI, servers: [{ url }] }));
    },
  });
  app.route({
    method: ["GET", "HEAD"],
    url: `${BASE}/*`,
    handler: () => {
      throw new OvirtFaultError(404, `There is nothing here; ${BASE} tells what there is`);
    },
  });
  for (const url of [BASE, `${BASE}/*`]) {
    app.route({
      method: ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
      url,
      handler: () => {
        throw new OvirtFaultError(405, "Guests are only read here; use GET or HEAD", { allow: "GET, HEAD" });
      },
    });
  }
  done();
}

function sendFault(
  request: FastifyRequest,
  reply: FastifyReply,
  error: unknown,
  { onError }: RestOptions,
): FastifyReply {
  const known = toFault(error);
  if (known === null) onError?.(error, request);
  const fault = known ?? new OvirtFaultError(500, `Internal error (request ${request.id})`);
  const format = negotiateFormat(request.headers.accept) ?? "xml";
  return reply
    .code(fault.status)
    .headers(fault.headers)
    .type(formatMediaType(format))
    .send(formatDocument(documentOf(fault), format));
}

/** oVirt's fault; a detail is one line of a bounded length, whatever was echoed into it. */
function documentOf({ reason, detail }: OvirtFaultError): RestDocument {
  return { root: "fault", element: { reason, detail: detail.slice(0, MAX_DETAIL_LENGTH) } };
}

const MAX_DETAIL_LENGTH = 600;
