import { describe, expect, test } from "vitest";
import { served } from "../running.js";

const PATHS = {
  "/": "GET, HEAD",
  "/graphiql": "GET, HEAD",
  "/metrics": "GET, HEAD",
  "/graphql/stream": "GET, HEAD, POST",
};

describe("a path", () => {
  test.each(["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])(
    "that does not take %s answers with the methods that it takes, whatever the body is",
    async (method) => {
      const server = await served({ graphiql: true, metrics: () => Promise.resolve("") });
      for (const [path, allowed] of Object.entries(PATHS)) {
        if (allowed.includes(method)) continue;
        for (const type of ["application/json", "text/x-odd"]) {
          const answer = await fetch(`${server.url}${path}?a=b`, {
            method,
            headers: { "content-type": type },
            body: "{odd",
          });
          expect([path, answer.status, answer.headers.get("allow")]).toEqual([path, 405, allowed]);
          expect(await answer.json()).toMatchObject({
            errors: [{ extensions: { code: "METHOD_NOT_ALLOWED" } }],
          });
        }
      }
    },
  );

  test("that does not exist is not found by any method, also where web origins may read answers", async () => {
    const server = await served({ cors: ["https://app.example.org"] });
    for (const method of ["GET", "POST", "DELETE", "OPTIONS"]) {
      const answer = await fetch(`${server.url}/nothing`, { method });
      expect([method, answer.status, answer.headers.get("allow")]).toEqual([method, 404, null]);
    }
    const page = await fetch(server.url, { method: "OPTIONS" });
    expect([page.status, page.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });
});

test("a path with parameters takes methods as its route does, and a route that only refuses adds none", async () => {
  const server = await served({
    routes: (scope) => {
      scope.get("/things/:name/parts/*", () => "here");
      scope.route({
        method: ["PUT", "DELETE"],
        url: "/things/:name/parts/*",
        config: { refusesMethods: true },
        handler: (_request, reply) => reply.code(405).send("here"),
      });
    },
  });
  for (const [path, status, allow] of [
    ["/things/a/parts/b", 405, "GET"],
    ["/things/a/parts/b/c", 405, "GET"],
    ["/things/a", 404, null],
    ["/things/a/others/b", 404, null],
  ] as const) {
    const answer = await fetch(server.url + path, { method: "PATCH" });
    expect([path, answer.status, answer.headers.get("allow")]).toEqual([path, status, allow]);
  }
});

test("HEAD of the stream of events tells its headers and subscribes to nothing", async () => {
  const server = await served();
  const headers = { accept: "text/event-stream" };
  const answer = await fetch(`${server.url}/graphql/stream`, { method: "HEAD", headers });
  expect([answer.status, answer.headers.get("content-type")]).toEqual([
    200,
    "text/event-stream; charset=utf-8",
  ]);
  expect(await answer.text()).toBe("");
});
