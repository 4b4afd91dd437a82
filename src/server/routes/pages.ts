import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyReply } from "fastify";
import { PAGE_SECURITY_POLICY } from "../security-headers.js";

/** Written by the build of the pages when it is complete. */
const STAMP = ".built";

/** Serves GraphiQL and its files from our own disk; `/` leads to it. */
export async function pageRoutes(app: FastifyInstance, pagesDir: string | undefined): Promise<void> {
  const directory = pagesDir ?? builtPages();
  for (const path of ["/", "/graphiql/"]) app.get(path, (_request, reply) => reply.redirect("/graphiql"));
  if (directory === null || !existsSync(join(directory, "graphiql.html"))) {
    app.get("/graphiql", (_request, reply) => asPage(reply).type("text/html; charset=utf-8").send(NOT_BUILT));
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
  app.get("/graphiql", (_request, reply) =>
    asPage(reply).sendFile("graphiql.html", directory, { cacheControl: false }),
  );
}

/** Beside the compiled program, or beside the sources of a checkout. */
function builtPages(): string | null {
  const places = ["../../../portal", "../../../dist/portal"].map((place) =>
    resolve(import.meta.dirname, place),
  );
  return places.find((place) => existsSync(join(place, STAMP))) ?? null;
}

function asPage(reply: FastifyReply): FastifyReply {
  return reply.headers({ "content-security-policy": PAGE_SECURITY_POLICY, "cache-control": "no-cache" });
}

const NOT_BUILT = `<!doctype html><html lang="en"><meta charset="utf-8"><title>vnic-graph</title>
<h1>GraphiQL is not built yet</h1><p>Run <code>npm run build</code> and load this page again.
<code>/graphql</code> answers already.</p></html>
`;
