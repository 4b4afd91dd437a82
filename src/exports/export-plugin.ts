import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { FastifyContextConfig, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { ExportRequestError, isFoundByLog, parseExportRequest, type ReadFilter } from "./export-request.js";
import type { ExportWork } from "./export-records.js";
import { FORMATS, type ExportFormat } from "./formats.js";
import { writeExport } from "./write-export.js";

/** What the route of exports is given; it knows neither store nor identity. */
export interface ExportOptions {
  /** Runs a piece of a request's work with the loaders of its viewer, new ones each time. */
  readonly findWork: (request: FastifyRequest) => ExportWork;
  /** Counts the export among the long lists that are open; throws if there are too many. */
  readonly openList: (request: FastifyRequest) => void;
  /** Returns what identifies the VMs that the viewer sees: it goes into the tag of the answer. */
  readonly findScope: (request: FastifyRequest) => unknown;
  /** Rejects if the viewer's credentials are no longer valid, or if their rights have changed. */
  readonly checkAgain: (request: FastifyRequest) => Promise<void>;
  readonly readFilter: ReadFilter;
  /** The program's version. Another version may write a format differently. */
  readonly version: string;
  /** Milliseconds that an export may take. */
  readonly maxMs?: number;
  readonly routeConfig: FastifyContextConfig;
}

/** Registers `GET /export/{format}`: the VMs that a viewer sees, in another tool's format, sent while they are read. */
export function registerExports(app: FastifyInstance, options: ExportOptions, done: () => void): void {
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof ExportRequestError) return sendRefusal(reply, 400, error);
    if (isNotKept(error)) return sendRefusal(reply, 503, error);
    // The server answers all other errors.
    throw error;
  });
  app.route({
    method: ["GET", "HEAD"],
    url: "/export/:format",
    config: options.routeConfig,
    handler: async (request, reply) => {
      const { format } = request.params as { readonly format: string };
      const asked = parseExportRequest(format, request.query as Record<string, unknown>, options.readFilter);
      options.openList(request);
      const work = options.findWork(request);
      // The mark is read before the VMs, so a change meanwhile gives another mark the next time. Reading it looks at a
      // row of each VM.
      const mark = isFoundByLog(asked.filter)
        ? await work((loaders) => loaders.loadChangeMark(), true)
        : null;
      const etag =
        mark === null
          ? null
          : formatTag([mark, options.version, options.findScope(request), format, request.query]);
      const { mediaType }: ExportFormat = FORMATS[asked.format];
      reply.headers({ "cache-control": "private, no-cache", ...(etag !== null && { etag }) });
      if (etag !== null && isKnown(request.headers["if-none-match"], etag)) return reply.code(304).send();
      reply.type(mediaType);
      if (request.method === "HEAD") return reply.send();
      const runChecked: ExportWork = async (job, isLong) => {
        await options.checkAgain(request);
        return work(job, isLong);
      };
      const text = await begin(writeExport(runChecked, asked));
      const pieces = Readable.from(text, { objectMode: false });
      endAfter(pieces, options.maxMs ?? MOST_MS);
      return reply.send(pieces);
    },
  });
  app.route({
    method: ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
    url: "/export/:format",
    config: { ...options.routeConfig, refusesMethods: true },
    handler: (_request, reply) => {
      const message = "Exports are only read; use GET or HEAD.";
      return sendRefusal(reply.header("allow", "GET, HEAD"), 405, {
        message,
        extensions: { code: "METHOD_NOT_ALLOWED" },
      });
    },
  });
  done();
}

/** Returns whether the source does not keep what a filter asks for. The store's error says so by its code, and for which field. */
function isNotKept(error: unknown): error is Pick<ExportRequestError, "message" | "extensions"> {
  if (!(error instanceof Error) || !("extensions" in error)) return false;
  const { code, http } = error.extensions as { readonly code?: unknown; readonly http?: unknown };
  return code === "NOT_AVAILABLE" && http === undefined;
}

/** Answers a refusal in the form of a GraphQL answer. */
function sendRefusal(
  reply: FastifyReply,
  status: number,
  { message, extensions }: Pick<ExportRequestError, "message" | "extensions">,
): FastifyReply {
  return reply
    .code(status)
    .type("application/json")
    .send(JSON.stringify({ errors: [{ message, extensions }] }));
}

/** Reads up to the first VMs before anything is sent, so that a refusal can still have its own status. */
async function begin(text: AsyncGenerator<string>): Promise<AsyncGenerator<string>> {
  const first = [await text.next(), await text.next()];
  return (async function* () {
    for (const { done, value } of first.splice(0)) if (done !== true) yield value;
    yield* text;
  })();
}

/**
 * Time limit of an export. A million VMs take some minutes. A client that takes longer may do so on purpose, to keep
 * memory in use.
 */
const MOST_MS = 1_800_000;

/**
 * Ends a stream that its client does not read to the end in time. The connection breaks, so that nobody takes a part
 * for the whole.
 */
function endAfter(stream: Readable, ms: number): void {
  const timer = setTimeout(() => {
    stream.destroy(new Error(`the export was not sent in ${ms} ms and is ended`));
  }, ms);
  timer.unref();
  stream.once("close", () => {
    clearTimeout(timer);
  });
}

/** Formats a weak ETag, because the same tag may be sent with rows in another order. */
function formatTag(parts: readonly unknown[]): string {
  return `W/"${createHash("sha256").update(JSON.stringify(parts)).digest("base64url").slice(0, 22)}"`;
}

function isKnown(header: string | undefined, etag: string): boolean {
  const tags = (header ?? "").split(",").map((tag) => tag.trim());
  return tags.includes("*") || tags.some((tag) => tag.replace(/^W\//, "") === etag.replace(/^W\//, ""));
}
