import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { INTERNAL, HttpError } from "../errors.js";
import { crossSiteRules, fieldsOf, viewerOf } from "./guarded-routes.js";
import { checkCrossSite } from "../admission/cross-site.js";
import type { KnownViewer } from "../identity/identity.js";
import type { Admission } from "../admission/admission.js";
import { startDeadline, type Deadline } from "../admission/deadline.js";
import type { Limits } from "../../model/limits.js";
import type { Admitted, ServerOptions } from "../options.js";

interface Entered extends Admitted {
  readonly deadline: Deadline;
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
    const refused = new WeakMap<FastifyRequest, string>();
    const enter = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
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
      entered.set(request, { viewer, request: served, deadline });
    };
    scope.addHook("onRequest", async (request, reply) => {
      try {
        await enter(request, reply);
      } catch (error) {
        refused.set(request, error instanceof HttpError ? error.code : INTERNAL);
        throw error;
      }
    });
    scope.addHook("onResponse", (request, reply, done) => {
      const decision = refused.get(request) ?? (reply.statusCode < 400 ? "answered" : "refused");
      const viewer = entered.get(request)?.viewer.name ?? null;
      const fields = { ...fieldsOf(request, reply), viewer, status: reply.statusCode, decision };
      options.log.info(fields, "request");
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
  throw new HttpError(403, "FORBIDDEN", "Reading needs the role reader.");
}
