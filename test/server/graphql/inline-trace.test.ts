import { expect, test } from "vitest";
import { buildGraphSchema } from "../../../src/graph/schema.js";
import { served } from "../running.js";

const ask = { headers: { "apollo-federation-include-trace": "ftv1" } };

test("gateways get inline traces only where the operator says so", async () => {
  const schema = () => buildGraphSchema({ federation: "whole" });
  const quiet = await served({ schema: schema() });
  expect((await quiet.post("{ __typename }", ask)).body).toEqual({ data: { __typename: "Query" } });
  const traced = await served({ schema: schema(), inlineTrace: true });
  expect((await traced.post("{ __typename }", ask)).body).toMatchObject({
    extensions: { ftv1: expect.any(String) as string },
  });
  expect((await traced.post("{ __typename }")).body).toEqual({ data: { __typename: "Query" } });
});
