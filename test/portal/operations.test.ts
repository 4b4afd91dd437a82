import { readFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { buildSchema, parse, validate } from "graphql";
import { expect, test } from "vitest";
import { listOperations } from "../../portal/operations.js";

test("every operation of the portal is valid for the graph, and is listed under its SHA-256", () => {
  const schema = buildSchema(readFileSync(new URL("../../schema.graphql", import.meta.url), "utf8"));
  const { hashes, texts } = listOperations();
  expect(Object.values(hashes).toSorted()).toEqual(Object.keys(texts).toSorted());
  for (const [hash, text] of Object.entries(texts)) {
    expect(createHash("sha256").update(text).digest("hex")).toBe(hash);
    expect([text, validate(schema, parse(text))]).toEqual([text, []]);
  }
});
