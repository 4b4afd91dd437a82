import { describe, expect, test } from "vitest";
import { served } from "./running.js";

describe("a mutation", () => {
  test.each([
    "text/html",
    "application/xml",
    "*/*;q=0",
    "application/json;q=0",
    "application/json;q=0, */*;q=0",
  ])("whose answer could not be sent as %s is refused, and has no effect", async (accept) => {
    const server = await served();
    const { status, body } = await server.post("mutation { restart(id: 1) }", { headers: { accept } });
    expect([status, body.errors?.[0]?.extensions.code]).toEqual([406, "NOT_ACCEPTABLE"]);
    expect(server.doings.mutations).toBe(0);
  });

  test.each([
    ["application/json;version=1", "application/json"],
    ["application/json;profile=x, text/html", "application/json"],
    ["application/*", "application/json"],
    ["application/graphql-response+json;q=0.001, text/html", "application/graphql-response+json"],
    ["APPLICATION/GRAPHQL-RESPONSE+JSON", "application/graphql-response+json"],
    // What Java's HttpURLConnection sends unless it is told otherwise.
    ["text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", "application/json"],
  ])("takes effect once where its answer is accepted as %s", async (accept, type) => {
    const server = await served();
    const { status, headers } = await server.post("mutation { restart(id: 1) }", { headers: { accept } });
    expect([status, headers.get("content-type")]).toEqual([200, `${type}; charset=utf-8`]);
    expect(server.doings.mutations).toBe(1);
  });
});

test.each([
  ["application/json, application/graphql-response+json;q=0.1", "application/json"],
  ["application/graphql-response+json;q=0, application/json", "application/json"],
  ["APPLICATION/GRAPHQL-RESPONSE+JSON", "application/graphql-response+json"],
  ["application/graphql-response+json, application/json;q=0.9", "application/graphql-response+json"],
  ["image/png", "application/json"],
])("a refusal has the form that is preferred by %s", async (accept, type) => {
  const server = await served();
  const headers = { accept, "content-type": "text/plain" };
  const { status, headers: answered } = await server.post("{ __typename }", { headers });
  expect([status, answered.get("content-type")]).toEqual([415, `${type}; charset=utf-8`]);
});

test.each([
  ["text/event-stream", 200],
  ["text/*, application/json", 200],
  ["TEXT/EVENT-STREAM; charset=utf-8", 200],
  ["application/json", 406],
  ["text/event-stream;q=0, */*", 406],
])("a stream of events is answered where it is accepted: %s", async (accept, status) => {
  const server = await served();
  const answer = await fetch(`${server.url}/graphql/stream`, { method: "HEAD", headers: { accept } });
  expect(answer.status).toBe(status);
});

test("a malformed parameter of a GET is named", async () => {
  const server = await served();
  for (const name of ["variables", "extensions"]) {
    const answer = await fetch(`${server.url}/graphql?query={__typename}&${name}={a`);
    expect([answer.status, await answer.text()]).toEqual([
      400,
      expect.stringContaining(`The parameter ${name} is not JSON.`),
    ]);
  }
});
