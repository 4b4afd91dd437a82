import { expect, test } from "vitest";
import { createIdentity } from "../../src/server/identity/identity.js";
import { loadTokenFile } from "../../src/server/identity/token-file.js";
import { createToken } from "../../src/server/identity/token-lines.js";
import type { ServedOperation } from "../../src/server/options.js";
import { rememberingLog, served, until } from "./running.js";
import { temporaryFile } from "./temporary.js";

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const metrics = () => Promise.resolve("up 1\n");

async function guarded(operations: ServedOperation[] = []) {
  const scope = { namePatterns: ["web-*"], hostIds: [], vmIds: [] };
  const team = createToken({ name: "team", roles: ["reader"], expiresAt: null, scope });
  const scraper = createToken({ name: "scraper", roles: ["reader", "metrics"], expiresAt: null, scope });
  const tokens = await loadTokenFile(
    await temporaryFile(`${team.line}\n${scraper.line}\n`),
    rememberingLog().log,
  );
  const server = await served({
    identity: createIdentity([tokens]),
    metrics,
    onOperation: (operation) => operations.push(operation),
  });
  return { server, team: team.token, scraper: scraper.token };
}

test.each(
  Object.entries<{
    readonly headers: Record<string, string>;
    readonly status: number;
    readonly code: string;
  }>({
    "no token": { headers: {}, status: 401, code: "UNAUTHENTICATED" },
    "another name": { headers: { host: "evil.example" }, status: 421, code: "HOST_NOT_ALLOWED" },
    "another site's page": {
      headers: { "sec-fetch-site": "cross-site" },
      status: 403,
      code: "CROSS_SITE_REQUEST",
    },
    "another form of body": {
      headers: { "content-type": "text/plain" },
      status: 415,
      code: "UNSUPPORTED_MEDIA_TYPE",
    },
  }),
)(
  "who is refused before the query is read leaves a line, too: %s",
  async (_title, { headers, status, code }) => {
    const operations: ServedOperation[] = [];
    const { server } = await guarded(operations);
    // fetch sets Host itself.
    const { request } = await import("node:http");
    const answered = await new Promise<number | undefined>((resolve, reject) => {
      const own = { "content-type": "application/json", ...headers };
      request(
        `${server.url}/graphql?secret=1`,
        { method: "POST", headers: own, agent: false },
        (response) => {
          response.resume().once("end", () => {
            resolve(response.statusCode);
          });
        },
      )
        .on("error", reject)
        .end('{"query":"{ __typename }"}');
    });
    expect(answered).toBe(status);
    await until(() => server.lines.length > 0);
    expect(server.lines).toMatchObject([
      { msg: "request", viewer: null, address: "127.0.0.1", path: "/graphql", status, decision: code },
    ]);
    expect(operations).toMatchObject([{ status, decision: code }]);
  },
);

test("a request that reaches the graph leaves one line, not two", async () => {
  const { server, team } = await guarded();
  expect((await server.post("{ nothing }", bearer(team))).status).toBe(200);
  expect(server.lines.filter(({ msg }) => msg === "request")).toHaveLength(1);
});

test("metrics, whose numbers are about all VMs, are not for readers of some", async () => {
  const { server, team, scraper } = await guarded();
  expect((await fetch(`${server.url}/metrics`, bearer(team))).status).toBe(403);
  expect((await fetch(`${server.url}/metrics`, bearer(scraper))).status).toBe(200);
});
