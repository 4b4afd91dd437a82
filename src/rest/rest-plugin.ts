import { Readable } from "node:stream";
import type { FastifyContextConfig, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Loaders } from "../loaders/loaders.js";
import { toPrintable } from "../model/printable.js";
import { formatDocument, formatList, formatMediaType, type RestDocument } from "./elements/document.js";
import { BASE } from "./elements/elements.js";
import { prefixLinks, prefixPieces } from "./elements/links.js";
import { OvirtFaultError, toFault } from "./fault.js";
import { OPENAPI } from "./openapi/openapi.js";
import { negotiateFormat, type Format } from "./request/format.js";
import { refuseUnknown } from "./request/parameters.js";
import type { Answer, Route } from "./routes/route.js";
import { ROUTES } from "./routes/routes.js";
import type { Work } from "./vm-list.js";

/** What the REST flow needs; it knows neither store nor identity. */
export interface RestOptions {
  /**
   * Runs a piece of a request's work with the loaders of its viewer, new ones each time. It rejects for a viewer
   * without rights, with a `status` or a code of the graph; the answer is a fault.
   */
  readonly work: <Result>(
    request: FastifyRequest,
    job: (loaders: Loaders) => Promise<Result>,
    isLong?: boolean,
  ) => Promise<Result>;
  /** Counts the request among the long lists that are open; throws if there are too many. */
  readonly openList?: (request: FastifyRequest) => void;
  /** Finds the path in front of all paths, as the request's client sees the server. The default is "". */
  readonly findBasePath?: (request: FastifyRequest) => string;
  /** The configuration of routes whose answers may be sent for long, in pieces. */
  readonly longRouteConfig?: FastifyContextConfig;
  /** Called with unforeseen errors. The client sees only the request's id. */
  readonly onError?: (error: unknown, request: FastifyRequest) => void;
}

/** Registers the feature page's REST flow under `/ovirt-engine/api`. Register it in a Fastify that has guards around it. */
export function registerRest(app: FastifyInstance, options: RestOptions, done: () => void): void {
  // No route reads a body, so none is parsed, whatever type it has.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, _payload, parsed) => {
    parsed(null, undefined);
  });
  app.addHook("onRequest", (_request, reply, next) => {
    // The gate and CORS have named the headers that every answer depends on. Answers of this room depend on one more.
    const vary = [reply.getHeader("vary") ?? "Accept, Authorization", "All-Content"].flat().join(", ");
    reply.headers({ "cache-control": "no-store", vary });
    next();
  });
  app.setErrorHandler((error, request, reply) => sendFault(request, reply, error, options));
  for (const { path, parameters, answer, isLong, base } of listPaths()) {
    app.route({
      method: ["GET", "HEAD"],
      url: `${base}${path}`,
      config: isLong === true ? (options.longRouteConfig ?? {}) : {},
      handler: async (request, reply) => {
        // The format is checked before anything is read.
        const format = negotiateFormat(request.headers.accept);
        if (format === null) {
          throw new OvirtFaultError(406, "Accept: answers are application/xml or application/json");
        }
        refuseUnknown(request, parameters);
        const work: Work = (job, isLongPiece) => options.work(request, job, isLongPiece);
        const answered = await answer(request, work, () => options.openList?.(request));
        return sendAnswer(request, reply, answered, format, options);
      },
    });
  }
  app.route({
    method: ["GET", "HEAD"],
    url: `${BASE}/openapi.json`,
    handler: async (request, reply) => {
      await options.work(request, () => Promise.resolve());
      const url = `${options.findBasePath?.(request) ?? ""}${BASE}`;
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
      config: { refusesMethods: true },
      handler: refuseMethod,
    });
  }
  // All other methods of HTTP. The handler of what has no route is bound to a prefix, so it needs a room of its own.
  void app.register(
    (rest, _options, registered) => {
      rest.setNotFoundHandler(refuseMethod);
      registered();
    },
    { prefix: BASE },
  );
  done();
}

function refuseMethod(): never {
  throw new OvirtFaultError(405, "Guests are only read here; use GET or HEAD", { allow: "GET, HEAD" });
}

/** Lists every path twice: clients may name the version of the API in it. */
function listPaths(): (Route & { readonly base: string })[] {
  return [BASE, `${BASE}/v4`].flatMap((base) => ROUTES.map((route) => ({ ...route, base })));
}

function sendAnswer(
  request: FastifyRequest,
  reply: FastifyReply,
  answer: Answer,
  format: Format,
  { findBasePath: basePathFor }: RestOptions,
): FastifyReply {
  const basePath = basePathFor?.(request) ?? "";
  const { link, ...headers } = answer.headers ?? {};
  reply.headers(headers).type(formatMediaType(format));
  if (link !== undefined) reply.header("link", link.replace("<", `<${basePath}`));
  if (!("pieces" in answer)) return reply.send(formatDocument(prefixLinks(answer, basePath), format));
  // The length of the list is unknown until it is read, and a HEAD is not worth reading it.
  if (request.method === "HEAD") return reply.send();
  return reply.send(Readable.from(formatList(prefixPieces(answer, basePath), format), { objectMode: false }));
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
    .headers({ ...fault.headers, ...offerBasic(fault.headers) })
    .type(formatMediaType(format))
    .send(formatDocument(formatFault(fault), format));
}

/** Offers HTTP Basic beside what the refusal asks for, as an engine does: many clients send a password only where it is asked for. */
function offerBasic({ "www-authenticate": challenge }: OvirtFaultError["headers"]): Record<string, string[]> {
  return challenge === undefined ? {} : { "www-authenticate": [challenge, 'Basic realm="vnic-graph"'] };
}

/** Formats oVirt's fault. The detail is one line of bounded length, whatever input it quotes. */
function formatFault({ reason, detail }: OvirtFaultError): RestDocument {
  return { root: "fault", element: { reason, detail: toPrintable(detail).slice(0, MAX_DETAIL_LENGTH) } };
}

const MAX_DETAIL_LENGTH = 600;
