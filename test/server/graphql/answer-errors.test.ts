import { GraphQLError, type GraphQLSchema, buildSchema } from "graphql";
import { expect, test } from "vitest";
import { served } from "../running.js";

/** Five hundred VMs, each of which asks a database that fails. Every answer of it is an error object of its own. */
function failingSchema(fail: (id: number) => Error): GraphQLSchema {
  const schema = buildSchema(
    "type Query { vms: [Vm!]! } type Vm { id: ID! nics: [Nic!] } type Nic { id: ID! }",
  );
  const vms = schema.getQueryType()!.getFields()["vms"]!;
  vms.resolve = () => Array.from({ length: 500 }, (_, id) => ({ id, nics: () => Promise.reject(fail(id)) }));
  return schema;
}

const QUERY = "{ vms { id nics { id } } }";

test("one cause under 500 VMs is one error in the answer, with how often it came, and one line in the log", async () => {
  const server = await served({ schema: failingSchema(() => new Error("connection terminated")) });
  const { body, text } = await server.post(QUERY);
  expect(body.errors).toMatchObject([
    { path: ["vms", 0, "nics"], extensions: { code: "INTERNAL_SERVER_ERROR", occurrences: 500 } },
  ]);
  expect(text).not.toContain("connection terminated");
  expect(server.lines.filter(({ msg }) => msg === "internal error")).toHaveLength(1);
});

test("an answer carries at most 20 errors, and says how many more there were", async () => {
  const server = await served({
    schema: failingSchema((id) => new GraphQLError(`no ${id}`, { extensions: { code: "NOT_AVAILABLE" } })),
  });
  const { body } = await server.post(QUERY);
  expect(body.errors).toHaveLength(20);
  expect(body.errors?.at(-1)).toEqual({
    message: "481 more errors are left out.",
    extensions: { code: "MORE_ERRORS" },
  });
});

test("unforeseen errors of many causes leave at most 20 lines a request", async () => {
  const server = await served({ schema: failingSchema((id) => new Error(`cause ${id}`)) });
  await server.post(QUERY);
  expect(server.lines.filter(({ msg }) => msg === "internal error")).toHaveLength(20);
});

test("at the deadline there is one error, whatever is still to be resolved", async () => {
  const server = await served({ limits: { deadlineMs: 1_000 } });
  const query = `{ vms(first: 100) { nodes { ${"slow { ".repeat(4)} id ${"} ".repeat(4)} } } }`;
  const { status, body } = await server.post(query);
  expect([status, body.errors?.length, body.errors?.[0]?.extensions.code]).toEqual([
    504,
    1,
    "DEADLINE_EXCEEDED",
  ]);
  const resolved = server.doings.resolved;
  await server.post("{ vm(id: 1) { id } }");
  expect(server.doings.resolved).toBe(resolved + 1);
  expect(server.lines.filter(({ msg }) => msg === "internal error")).toEqual([]);
});

test("an answer that is larger than its limit is one error, and nothing of it is sent", async () => {
  const server = await served({ limits: { answerBytes: 1_000 } });
  const { status, body } = await server.post("{ vms(first: 200) { nodes { id name } } }");
  expect([status, body.data, body.errors?.[0]?.extensions.code]).toEqual([400, null, "ANSWER_TOO_LARGE"]);
});

test("a refusal for its cost names the limit's setting, and paging", async () => {
  const server = await served();
  const { body } = await server.post("{ vms(first: 1000000) { nodes { id } } }");
  expect(body.errors).toHaveLength(1);
  expect(body.errors?.[0]?.message).toMatch(/LIMITS=cost=200000.*page by page \(first, after\)/);
});

test("a refusal for the cost of 5,000 entities is one error without a path and no data: it is no error of any entity", async () => {
  const server = await served({ limits: { cost: 1_000 } });
  const keys = Array.from({ length: 5_000 }, (_, at) => ({ __typename: "Vm", id: String(at) }));
  const query = "query ($keys: [_Any!]!) { _entities(representations: $keys) { ... on Vm { id name } } }";
  const { status, body } = await server.post(query, { variables: { keys } });
  expect([status, body.errors?.length, body.data ?? null]).toEqual([400, 1, null]);
  expect(body.errors?.[0]?.extensions.code).toBe("TOO_COSTLY");
  expect(body.errors?.[0]).not.toHaveProperty("path");
  // What a gateway repeats for each entity is its own doing; what it gets is this much.
  expect(JSON.stringify(body).length).toBeLessThan(1_000);
});
