import type { FastifyInstance, FastifyRequest } from "fastify";
import { Refusal } from "./errors.js";
import { crossSiteRules, viewerOf } from "./guarded-routes.js";
import { checkCrossSite } from "./guards/cross-site.js";
import type { KnownViewer } from "./identity/identity.js";
import type { Admission } from "./limits/admission.js";
import { startDeadline, type Deadline } from "./limits/deadline.js";
import type { Limits } from "./limits/limits.js";
import type { Admitted, ServerOptions } from "./options.js";

interface Entered extends Admitted {
  readonly deadline: Deadline;
  readonly startedAt: number;
}

/** Lets the composition root add routes that read: behind the graph's guards, identity, places and time, with a line each in the log. */
export function moreRoutes(
  app: FastifyInstance,
  options: ServerOptions,
  { limits, admission }: { readonly limits: Limits; readonly admission: Admission },
): void {
  const { routes } = options;
  if (routes == null) return;
  void app.register(async (scope) => {
    const entered = new WeakMap<FastifyRequest, Entered>();
    scope.addHook("onRequest", async (request, reply) => {
      // A HEAD tells as much as a GET does.
      const method = request.method === "HEAD" ? "GET" : request.method;
      checkCrossSite(method, request.headers, crossSiteRules(options));
      const viewer = await viewerOf(request, options);
      requireReader(viewer);
      const deadline = startDeadline(limits.deadlineMs);
      const leave = await admission.enter(deadline.signal).catch((error: unknown) => {
        deadline.clear();
        throw error;
      });
      reply.raw.once("close", () => {
        deadline.abandon();
        leave();
      });
      const served = { id: request.id, signal: deadline.signal, check: deadline.check };
      entered.set(request, { viewer, request: served, deadline, startedAt: performance.now() });
    });
    scope.addHook("onResponse", (request, reply, done) => {
      audit(options, request, reply.statusCode, entered.get(request));
      done();
    });
    await routes(scope, (request) => {
      const admitted = entered.get(request);
      if (admitted === undefined) throw new Error("a request that no guard let in; this cannot be");
      return admitted;
    });
  });
}

function requireReader({ roles }: KnownViewer): void {
  if (roles.has("reader") || roles.has("operator")) return;
  throw new Refusal(403, "FORBIDDEN", "Reading needs the role reader.");
}

/** The path without its query string, which may hold anything. */
function audit(
  { log }: ServerOptions,
  request: FastifyRequest,
  status: number,
  entered: Entered | undefined,
): void {
  const fields = {
    requestId: request.id,
    viewer: entered?.viewer.name ?? null,
    method: request.method,
    path: request.url.split("?", 1)[0]?.slice(0, 500),
    ms: entered === undefined ? null : Math.round(performance.now() - entered.startedAt),
    status,
    decision: status < 400 ? "answered" : "refused",
  };
  log.info(fields, "request");
}
