import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { FastifyContextConfig, FastifyInstance, FastifyRequest } from "fastify";
import { ExportRequestError, parseExportRequest } from "./export-request.js";
import type { ExportWork } from "./export-records.js";
import { FORMATS, type ExportFormat } from "./formats.js";
import { writeExport } from "./write-export.js";

/** What the route of exports is given; it knows neither store nor identity. */
export interface ExportOptions {
  /** Runs a piece of a request's work with the loaders of its viewer, new ones each time. */
  readonly findWork: (request: FastifyRequest) => ExportWork;
  /** Tells viewers apart that see other VMs. */
  readonly findScope: (request: FastifyRequest) => unknown;
  readonly routeConfig: FastifyContextConfig;
}

/** Creates `GET /export/{format}`: the VMs that a viewer sees, in another tool's format, sent as they are read. */
export function registerExports(app: FastifyInstance, options: ExportOptions, done: () => void): void {
  app.setErrorHandler((error, _request, reply) => {
    // All others are the server's to tell.
    if (!(error instanceof ExportRequestError)) throw error;
    const { message, extensions } = error;
    return reply
      .code(400)
      .type("application/json")
      .send(JSON.stringify({ errors: [{ message, extensions }] }));
  });
  app.route({
    method: ["GET", "HEAD"],
    url: "/export/:format",
    config: options.routeConfig,
    handler: async (request, reply) => {
      const { format } = request.params as { readonly format: string };
      const asked = parseExportRequest(format, request.query as Record<string, unknown>);
      const work = options.findWork(request);
      // Read before the VMs: what changes meanwhile is told by another mark the next time.
      const mark = await work((loaders) => loaders.loadChangeMark());
      const etag =
        mark === null ? null : formatTag([mark, options.findScope(request), format, request.query]);
      const { mediaType }: ExportFormat = FORMATS[asked.format];
      reply.headers({ "cache-control": "private, no-cache", ...(etag !== null && { etag }) });
      if (etag !== null && isKnown(request.headers["if-none-match"], etag)) return reply.code(304).send();
      reply.type(mediaType);
      if (request.method === "HEAD") return reply.send();
      return reply.send(Readable.from(writeExport(work, asked), { objectMode: false }));
    },
  });
  done();
}

/** Weak, because order and time may differ in what is sent for it. */
function formatTag(parts: readonly unknown[]): string {
  return `W/"${createHash("sha256").update(JSON.stringify(parts)).digest("base64url").slice(0, 22)}"`;
}

function isKnown(header: string | undefined, etag: string): boolean {
  const tags = (header ?? "").split(",").map((tag) => tag.trim());
  return tags.includes("*") || tags.some((tag) => tag.replace(/^W\//, "") === etag.replace(/^W\//, ""));
}
