import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyReply } from "fastify";
import { PAGE_SECURITY_POLICY } from "../security-headers.js";

/** Written by the build of the pages when it is complete. */
const STAMP = ".built";

/** Serves the portal at `/`, GraphiQL if it is wanted, and their files, all from our own disk. */
export async function pageRoutes(
  app: FastifyInstance,
  directory: string | null,
  { graphiql }: { readonly graphiql: boolean },
): Promise<void> {
  if (graphiql) app.get("/graphiql/", (_request, reply) => reply.redirect("/graphiql"));
  const pages = graphiql ? { "/": "index.html", "/graphiql": "graphiql.html" } : { "/": "index.html" };
  if (directory === null || !existsSync(join(directory, "index.html"))) {
    for (const path of Object.keys(pages)) {
      app.get(path, (_request, reply) => asPage(reply).type("text/html; charset=utf-8").send(NOT_BUILT));
    }
    return;
  }
  await app.register(fastifyStatic, {
    root: join(directory, "assets"),
    prefix: "/assets/",
    // Their names hold a hash of their content.
    immutable: true,
    maxAge: "365d",
    index: false,
    dotfiles: "deny",
  });
  for (const [path, file] of Object.entries(pages)) {
    app.get(path, (_request, reply) => asPage(reply).sendFile(file, directory, { cacheControl: false }));
  }
}

/** Finds the built pages: beside the compiled program, or beside the sources of a checkout. */
export function findBuiltPages(): string | null {
  const places = ["../../../portal", "../../../dist/portal"].map((place) =>
    resolve(import.meta.dirname, place),
  );
  return places.find((place) => existsSync(join(place, STAMP))) ?? null;
}

function asPage(reply: FastifyReply): FastifyReply {
  return reply.headers({ "content-security-policy": PAGE_SECURITY_POLICY, "cache-control": "no-cache" });
}

const NOT_BUILT = `<!doctype html><html lang="en"><meta charset="utf-8"><title>vnic-graph</title>
<h1>The pages are not built yet</h1><p>Run <code>npm run build</code> and load this page again.
<code>/graphql</code> answers already.</p></html>
`;
