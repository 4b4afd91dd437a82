import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance } from "fastify";
import { findAbove } from "../../model/find-above.js";
import type { Gate } from "../admission/gate.js";
import { PAGE_RULE } from "../admission/rules.js";
import type { PageSignIn } from "../options.js";
import { formatPagePolicy } from "../security-headers.js";

/** Written by the build of the pages when it is complete. */
const STAMP = ".built";

/** Which pages are served. `directory` is where they are; `null`: they are not built. */
export interface PageOptions {
  readonly directory: string | null;
  readonly graphiql: boolean;
  readonly isDemo: boolean;
  readonly signIn: PageSignIn | null;
}

/** Serves the portal at `/`, GraphiQL if it is wanted, and their files, all from our own disk. */
export async function registerPageRoutes(
  app: FastifyInstance,
  gate: Gate,
  { directory, graphiql, isDemo, signIn }: PageOptions,
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
        // The build has compressed them.
        preCompressed: true,
        setHeaders: (response) => {
          response.setHeader("vary", "accept-encoding");
        },
      });
    }
    const method = ["GET", "HEAD"];
    const pages = graphiql ? { "/": "index.html", "/graphiql": "graphiql.html" } : { "/": "index.html" };
    const marks = [...(isDemo ? [DEMO_MARK] : []), ...(signIn === null ? [] : [formatSignInMark(signIn)])];
    const headers = {
      "content-security-policy": formatPagePolicy(signIn === null ? [] : [new URL(signIn.issuer).origin]),
      "cache-control": "no-cache",
    };
    for (const [url, file] of Object.entries(pages)) {
      const more = graphiql && url === "/" ? [GRAPHIQL_MARK] : [];
      const page = isBuilt ? await readMarkedPage(directory, file, [...marks, ...more]) : NOT_BUILT;
      scope.route({
        method,
        url,
        handler: (request, reply) => {
          // The page's own links are relative, so it has one address only: the portal with a slash at its end, others without.
          const [, path = "", query = ""] = /^([^?]*)(.*)$/s.exec(request.originalUrl) ?? [];
          if (path.endsWith("/") !== (url === "/"))
            return reply.redirect(gate.findVisit(request).client.basePath + url + query);
          return reply.headers(headers).type(HTML).send(page);
        },
      });
    }
  });
}

/** Reads a page with marks that tell it what the settings say. */
async function readMarkedPage(directory: string, file: string, marks: readonly string[]): Promise<string> {
  const page = await readFile(join(directory, file), "utf8");
  return page.replace("</head>", () => `${marks.join("")}</head>`);
}

/** The mark by which a page shows that its data are a demonstration. */
const DEMO_MARK = '<meta name="vnic-graph-data" content="demo" />';

/** The mark by which the portal knows that there is a GraphiQL to link to. */
const GRAPHIQL_MARK = '<meta name="vnic-graph-graphiql" content="on" />';

/** Formats the mark by which a page knows where people sign in. */
function formatSignInMark(signIn: PageSignIn): string {
  const { issuer, audience, clientId, scope } = signIn;
  const content = JSON.stringify({ issuer, audience, clientId, scope });
  return `<meta name="vnic-graph-sign-in" content="${escapeAttribute(content)}" />`;
}

function escapeAttribute(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
}

const HTML = "text/html; charset=utf-8";

/** Finds the built pages: beside the compiled program, or beside the sources of a checkout. */
export function findBuiltPages(): string | null {
  const stamp =
    findAbove(import.meta.dirname, join("portal", STAMP)) ??
    findAbove(import.meta.dirname, join("dist/portal", STAMP));
  return stamp === null ? null : dirname(stamp);
}

const NOT_BUILT = `<!doctype html><html lang="en"><meta charset="utf-8"><title>vnic-graph</title>
<h1>The pages are not built yet</h1><p>Run <code>npm run build</code> and load this page again.
<code>/graphql</code> answers already.</p></html>
`;
