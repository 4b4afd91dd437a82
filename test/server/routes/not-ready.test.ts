import { GraphQLError } from "graphql";
import { expect, test } from "vitest";
import { served } from "../running.js";

test("a request for which nothing is ready is answered as that says, and logged so", async () => {
  const server = await served({
    contextFor: () => {
      throw new GraphQLError("not yet", { extensions: { code: "NOT_AVAILABLE", http: { status: 503 } } });
    },
  });
  const { status, body } = await server.post("{ vm(id: 1) { id } }");
  expect([status, body.errors]).toEqual([
    503,
    [{ message: "not yet", extensions: { code: "NOT_AVAILABLE" } }],
  ]);
  expect(server.lines.at(-1)).toMatchObject({ msg: "request", status: 503, decision: "NOT_AVAILABLE" });
});

test("a context that fails by accident is masked, with 500", async () => {
  const server = await served({
    contextFor: () => {
      throw new Error("postgres://admin:hunter2@db");
    },
  });
  const { status, text } = await server.post("{ vm(id: 1) { id } }");
  expect(status).toBe(500);
  expect(text).not.toContain("hunter2");
  expect(server.lines.at(-1)).toMatchObject({ decision: "INTERNAL_SERVER_ERROR" });
});

test.each([undefined, null])("an error whose extensions are %s is masked, with 500", async (extensions) => {
  const server = await served({
    contextFor: () => {
      throw Object.assign(new Error("postgres://admin:hunter2@db"), { extensions });
    },
  });
  const { status, body } = await server.post("{ vm(id: 1) { id } }");
  expect([status, body.errors]).toEqual([
    500,
    [
      {
        message: expect.stringMatching(/^Internal error \(request /),
        extensions: { code: "INTERNAL_SERVER_ERROR" },
      },
    ],
  ]);
});
