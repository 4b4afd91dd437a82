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
  const digest = format({}, long);
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
    // What the key of a long question looks like is a question of its own.
    format({}, digest),
    format({ method: "GET", url: `/graphql?query=${digest}` }, ""),
  ];
  expect(new Set(keys).size).toBe(keys.length);
});

test.each([body, long])("a question has one key, however its body arrives", (text) => {
  expect(format({}, text, { ...viewer, name: "other" }, 10)).toBe(format({}, text));
  expect(format({}, text, viewer, 0)).toBe(format({}, text));
});

test.each<[string, Partial<Asked>, KnownViewer]>([
  ["URL", { method: "GET", url: `/graphql?query=${"a".repeat(16_000)}` }, viewer],
  ["Accept header", { headers: { accept: `application/json;x=${'"'.repeat(8_000)}` } }, viewer],
  ["header for a trace", { headers: { [TRACE_HEADER]: "x".repeat(16_000) } }, viewer],
  [
    "scope",
    {},
    { ...viewer, scope: { vmIds: Array.from({ length: 1_000 }, String) } as unknown as KnownViewer["scope"] },
  ],
])(
  "a key is short, since V8 cannot tell long ones of the same length apart, also with a long %s",
  (_what, asked, by) => {
    expect(format(asked, body, by).length).toBeLessThan(1_100);
  },
);
