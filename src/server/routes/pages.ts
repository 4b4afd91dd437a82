import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyReply } from "fastify";
import type { Gate } from "../admission/gate.js";
import { PAGE_RULE } from "../admission/rules.js";
import { PAGE_SECURITY_POLICY } from "../security-headers.js";

/** Written by the build of the pages when it is complete. */
const STAMP = ".built";

/** Which pages are served, and from where; `null`: they are not built. */
export interface PageOptions {
  readonly directory: string | null;
  readonly graphiql: boolean;
  readonly isDemo: boolean;
}

/** Serves the portal at `/`, GraphiQL if it is wanted, and their files, all from our own disk. */
export async function registerPageRoutes(
  app: FastifyInstance,
  gate: Gate,
  { directory, graphiql, isDemo }: PageOptions,
): Promise<void> {
  await app.register(async (scope) => {
    scope.addHook("onRoute", (route) => {
      route.config = { ...route.config, rule: PAGE_RULE };
    });
    const isBuilt = directory !== null && existsSync(join(directory, "index.html"));
    if (isBuilt) {
      await scope.register(fastifyStatic, {
        root: join(directory, "assets"),
        prefix: "/assets/",
        // Their names hold a hash of their content.
        immutable: true,
        maxAge: "365d",
        index: false,
        dotfiles: "deny",
      });
    }
    const method = ["GET", "HEAD"];
    const portal = isBuilt && isDemo ? await readDemoPage(directory) : null;
    const pages = graphiql ? { "/": "index.html", "/graphiql": "graphiql.html" } : { "/": "index.html" };
    for (const [url, file] of Object.entries(pages)) {
      scope.route({
        method,
        url,
        handler: (request, reply) => {
          if (url !== "/" && hasTrailingSlash(request.originalUrl)) {
            // The page's own links are relative, so it has one address only.
            return reply.redirect(gate.findVisit(request).client.basePath + url);
          }
          if (url === "/" && portal !== null) return setPageHeaders(reply).type(HTML).send(portal);
          return isBuilt
            ? setPageHeaders(reply).sendFile(file, directory, { cacheControl: false })
            : setPageHeaders(reply).type(HTML).send(NOT_BUILT);
        },
      });
    }
  });
}

/** Reads the portal's page, with a mark by which it says that its data are a demonstration. */
async function readDemoPage(directory: string): Promise<string> {
  const page = await readFile(join(directory, "index.html"), "utf8");
  return page.replace("</head>", '<meta name="vnic-graph-data" content="demo" /></head>');
}

const HTML = "text/html; charset=utf-8";

function hasTrailingSlash(url: string): boolean {
  return url.split("?", 1)[0]?.endsWith("/") === true;
}

/** Finds the built pages: beside the compiled program, or beside the sources of a checkout. */
export function findBuiltPages(): string | null {
  const places = ["../../../portal", "../../../dist/portal"].map((place) =>
    resolve(import.meta.dirname, place),
  );
  return places.find((place) => existsSync(join(place, STAMP))) ?? null;
}

function setPageHeaders(reply: FastifyReply): FastifyReply {
  return reply.headers({ "content-security-policy": PAGE_SECURITY_POLICY, "cache-control": "no-cache" });
}

const NOT_BUILT = `<!doctype html><html lang="en"><meta charset="utf-8"><title>vnic-graph</title>
<h1>The pages are not built yet</h1><p>Run <code>npm run build</code> and load this page again.
<code>/graphql</code> answers already.</p></html>
`;
