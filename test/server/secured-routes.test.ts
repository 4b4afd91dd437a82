import { Readable } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SECURITY_HEADERS } from "../../src/server/security-headers.js";
import { type Served, unmanaged } from "./running.js";

let server: Served;

beforeAll(async () => {
  server = await unmanaged({
    cors: ["https://portal.example"],
    metrics: () => Promise.resolve("up 1\n"),
    routes: (scope) => {
      scope.get("/pieces", (_request, reply) => reply.send(Readable.from(["one", "two"])));
      scope.get("/unchanged", (_request, reply) => reply.code(304).send());
      scope.get("/broken", () => {
        throw new Error("broken");
      });
    },
  });
});

afterAll(async () => {
  await server.stop();
});

const JSON_TYPE = { "content-type": "application/json" };

test.each<[number, string, RequestInit]>([
  [200, "/graphql", { method: "POST", headers: JSON_TYPE, body: '{"query":"{__typename}"}' }],
  [400, "/graphql", { method: "POST", headers: JSON_TYPE, body: "{" }],
  [200, "/graphql?query={__typename}", { headers: { "apollo-require-preflight": "1" } }],
  [200, "/graphql?query={__typename}", { method: "HEAD", headers: { "apollo-require-preflight": "1" } }],
  [405, "/graphql", { method: "PUT" }],
  [
    200,
    "/graphql",
    {
      method: "POST",
      headers: { ...JSON_TYPE, "accept-encoding": "gzip" },
      body: '{"query":"{__schema{types{name description}}}"}',
    },
  ],
  [
    204,
    "/graphql",
    {
      method: "OPTIONS",
      headers: { origin: "https://portal.example", "access-control-request-method": "POST" },
    },
  ],
  [200, "/healthz", {}],
  [200, "/readyz", {}],
  [200, "/metrics", {}],
  [404, "/nothing", {}],
  [404, "/%", {}],
  [200, "/pieces", {}],
  [304, "/unchanged", {}],
  [500, "/broken", {}],
])("an answer of %i from %s with %j has each security header once", async (status, path, asked) => {
  const response = await fetch(server.url + path, asked);
  await response.arrayBuffer();
  expect(response.status).toBe(status);
  for (const [name, value] of Object.entries(SECURITY_HEADERS))
    expect(response.headers.get(name)).toBe(value);
});
