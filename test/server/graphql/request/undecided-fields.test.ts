import { buildSchema } from "graphql";
import { expect, test } from "vitest";
import { served } from "../../running.js";

const schema = buildSchema("type Query { a: Int } type Subscription { changed: Int }");

test.each(["@skip(if: $isOff)", "@include(if: 5)", "@skip"])(
  "a subscription whose only field has %s is a client's error, also beside the operation that is asked",
  async (directive) => {
    const server = await served({ schema });
    for (const query of [
      `subscription ($isOff: Boolean!) { changed ${directive} }`,
      `query q { a } subscription s($isOff: Boolean!) { changed ${directive} }`,
    ]) {
      const { status, body } = await server.post(query);
      expect([status, body.errors?.map(({ extensions }) => extensions.code)]).toEqual([
        400,
        ["GRAPHQL_VALIDATION_FAILED"],
      ]);
    }
    expect(server.lines.filter(({ level }) => level === "error")).toEqual([]);
  },
);

test("other faults of a text with a subscription are told as before", async () => {
  const server = await served({ schema });
  const { body } = await server.post("subscription { changed other }");
  expect(body.errors?.map(({ message }) => message)).toContain(
    'Cannot query field "other" on type "Subscription".',
  );
  expect((await server.post("subscription {")).body.errors).toMatchObject([
    { extensions: { code: "GRAPHQL_PARSE_FAILED" } },
  ]);
  expect((await server.post("subscription { changed }")).body.errors).toMatchObject([
    { extensions: { code: "OPERATION_NOT_SUPPORTED" } },
  ]);
});
