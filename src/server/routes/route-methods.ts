import type { FastifyInstance, FastifyRequest } from "fastify";
import { HttpError } from "../errors.js";

/**
 * Records the methods of all routes that are registered after it. Returns a function that refuses a request that no route
 * answers: 405 where the path answers to other methods, else 404.
 */
export function recordMethods(app: FastifyInstance): (request: FastifyRequest) => HttpError {
  const methods = new Map<string, readonly string[]>();
  app.addHook("onRoute", ({ url, method, config }) => {
    // CORS registers this one, and refuses with it what is no preflight.
    if (url === "*" || config?.refusesMethods === true) return;
    methods.set(url, [...(methods.get(url) ?? []), ...(Array.isArray(method) ? method : [method])]);
  });
  return ({ url, method }) => {
    const path = url.replace(/\?.*$/s, "");
    const allowed = methods.get(path) ?? findPattern(methods, path);
    if (allowed === undefined || allowed.includes(method))
      return new HttpError(404, "NOT_FOUND", "There is nothing here; /graphql answers.");
    const allow = [...new Set(allowed)].join(", ");
    return new HttpError(405, "METHOD_NOT_ALLOWED", `Of methods, this path takes ${allow}.`, { allow });
  };
}

/** Finds the methods of a path whose route has parameters, such as `/export/:format`, or ends with `*`. */
function findPattern(
  methods: ReadonlyMap<string, readonly string[]>,
  path: string,
): readonly string[] | undefined {
  const parts = path.split("/");
  for (const [url, allowed] of methods) {
    const pattern = url.split("/");
    const isOpen = pattern.at(-1) === "*";
    const isAsLong = isOpen ? parts.length >= pattern.length : parts.length === pattern.length;
    if (isAsLong && pattern.every((part, at) => part === "*" || part.startsWith(":") || part === parts[at]))
      return allowed;
  }
  return undefined;
}
