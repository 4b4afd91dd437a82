import { buildSchema } from "graphql";
import { expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../../src/model/limits.js";
import { createDocumentGate } from "../../../src/server/graphql/request/documents.js";
import { createQuestionReader } from "../../../src/server/live/question.js";

const schema = buildSchema(`
  type Query { vm: ID }
  type Subscription { changed(vmIds: [ID!]): ID }
`);
const QUERY = "subscription ($vmIds: [ID!]) { changed(vmIds: $vmIds) }";

test("subscribers who send the same text share one document, and each has its own variables", () => {
  const read = createReader();
  const [one, other] = ["a", "b"].map((id) => read({ query: QUERY, variables: { vmIds: [id] } }));
  expect(other!.document).toBe(one!.document);
  expect([one!.values, other!.values]).toEqual([{ vmIds: ["a"] }, { vmIds: ["b"] }]);
});

test("a text that is not valid is refused each time that it comes", () => {
  const read = createReader();
  const ask = () => read({ query: "subscription { nothing }" });
  expect(ask).toThrow('Cannot query field "nothing" on type "Subscription".');
  expect(ask).toThrow('Cannot query field "nothing" on type "Subscription".');
});

test("a directive on the only field that validation cannot decide is refused as not valid, not as our fault", () => {
  const read = createReader();
  for (const directive of ["@skip(if: $isOff)", "@include(if: 5)", "@skip"]) {
    const ask = () => read({ query: `subscription ($isOff: Boolean!) { changed ${directive} }` });
    expect(ask).toThrow(expect.objectContaining({ extensions: { code: "GRAPHQL_VALIDATION_FAILED" } }));
  }
});

test("a wrong value in the text is refused with its place", () => {
  expect(() => createReader()({ query: "subscription { changed(vmIds: [1.5]) }" })).toThrow(
    "vmIds: ID cannot represent a non-string and non-integer value: 1.5",
  );
});

test("documents of more texts than there is room for make room for each other", () => {
  const read = createReader();
  const first = read({ query: QUERY });
  for (let at = 0; at < 20; at += 1) read({ query: `${QUERY} # ${at} ${"x".repeat(5_000)}` });
  expect(read({ query: QUERY }).document).not.toBe(first.document);
});

function createReader() {
  return createQuestionReader(schema, DEFAULT_LIMITS, createDocumentGate(DEFAULT_LIMITS));
}
