import { expect, test } from "vitest";
import { formatQuestion, TRACE_HEADER } from "../../../src/server/graphql/kept-answer.js";
import type { KnownViewer } from "../../../src/server/identity/identity.js";

type Asked = Parameters<typeof formatQuestion>[0];

const viewer: KnownViewer = { name: "team", roles: new Set(["reader"] as const), scope: null };
const operator: KnownViewer = { ...viewer, roles: new Set(["reader", "operator"] as const) };
const body = JSON.stringify({ query: "{ vms { nodes { id } } }" });
const long = JSON.stringify({ query: `{ vms { nodes { id } } } #${"x".repeat(2_000)}` });

function format(asked: Partial<Asked>, text = body, by = viewer, at = text.length): string {
  const question: Asked = { method: "POST", url: "/graphql", headers: {}, ...asked };
  return formatQuestion(question, by, [Buffer.from(text.slice(0, at)), Buffer.from(text.slice(at))]);
}

test("questions that may have different answers have different keys", () => {
  const digest = format({}, long).split("#").at(-1)!;
  const keys = [
    format({}),
    format({ headers: { accept: "" } }),
    format({ headers: { accept: "-" } }),
    format({ headers: { accept: "application/json" } }),
    format({ headers: { [TRACE_HEADER]: "ftv1" } }),
    format({}, body, operator),
    format({}, body, {
      ...viewer,
      scope: { vmIds: [], hostIds: [], names: ["a*"] } as unknown as KnownViewer["scope"],
    }),
    format({}, `${body} `),
    format({}, body.replace("id", "ID")),
    format({}, body.replace("id", "i\u00e9")),
    format({ method: "GET", url: "/graphql?query={a}" }, ""),
    format({ method: "GET", url: "/graphql?query={b}" }, ""),
    format({}, long),
    format({}, `${long} `),
    // What the digest of a long question looks like is a question of its own.
    format({}, digest),
    format({}, `#${digest}`),
  ];
  expect(new Set(keys).size).toBe(keys.length);
});

test.each([body, long])("a question has one key, however its body arrives", (text) => {
  expect(format({}, text, { ...viewer, name: "other" }, 10)).toBe(format({}, text));
  expect(format({}, text, viewer, 0)).toBe(format({}, text));
});
