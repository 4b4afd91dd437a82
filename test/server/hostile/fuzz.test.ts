import fc from "fast-check";
import {
  getNamedType,
  isCompositeType,
  isInputObjectType,
  isObjectType,
  isUnionType,
  type GraphQLOutputType,
  type GraphQLSchema,
} from "graphql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hurtfulSchema } from "../schema.js";
import { type Answer, readAnswer, type Served, unmanaged } from "../running.js";

let server: Served;
beforeAll(async () => {
  server = await unmanaged();
});
afterAll(() => server.stop());

const schema = hurtfulSchema({ resolved: 0, mutations: 0, waiting: new Set() });
/** These wait or fail on purpose; elsewhere they have tests of their own. */
const LEFT_OUT = ["slow", "spin"];

const literal = fc.oneof(
  fc.constantFrom(
    "null",
    "true",
    "$x",
    "UP",
    "[]",
    "{}",
    '""',
    "1e400",
    "-1",
    "0",
    "2147483648",
    '"\\u0000"',
    '"\\ud800"',
    '"""x"""',
  ),
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.string().map((text) => JSON.stringify(text)),
);

test("whatever is asked of the schema gets an answer of GraphQL's form, and no secret", async () => {
  await fc.assert(
    fc.asyncProperty(
      selection(schema, schema.getQueryType()!, 4),
      fc.dictionary(fc.constantFrom("x", "y"), fc.jsonValue()),
      async (set, variables) => {
        expectDecent(await server.post(`query ($x: Int) ${set}`, { variables }));
      },
    ),
    { numRuns: 300 },
  );
  await expectHonest();
});

test("whatever breaks a query in two, the server does not break", async () => {
  const mangled = fc
    .tuple(
      selection(schema, schema.getQueryType()!, 3),
      fc.array(
        fc.tuple(
          fc.nat(),
          fc.nat(3),
          fc.constantFrom(
            "{",
            "}",
            "(",
            '"',
            '"""',
            "...",
            "@",
            "$",
            "#",
            "\u0000",
            "\ufeff",
            "!",
            ":",
            "&",
            "fragment",
            "on",
          ),
        ),
        { maxLength: 6 },
      ),
    )
    .map(([text, edits]) =>
      edits.reduce((at, [place, removed, added]) => {
        const here = place % (at.length + 1);
        return at.slice(0, here) + added + at.slice(here + removed);
      }, text),
    );
  await fc.assert(
    fc.asyncProperty(fc.oneof(mangled, fc.string({ unit: "binary", maxLength: 300 })), async (text) => {
      expectDecent(await server.post(text));
    }),
    { numRuns: 300 },
  );
  await expectHonest();
});

test("any body is answered", async () => {
  const json = fc.record(
    {
      query: fc.oneof(fc.constant("{ __typename }"), fc.jsonValue()),
      variables: fc.jsonValue(),
      operationName: fc.jsonValue(),
      extensions: fc.oneof(fc.jsonValue(), fc.record({ persistedQuery: fc.jsonValue() })),
    },
    { requiredKeys: [] },
  );
  const body = fc.oneof(
    json.map((value) => Buffer.from(JSON.stringify(value))),
    fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value))),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  );
  await fc.assert(
    fc.asyncProperty(body, async (bytes) => {
      expectDecent(await send({ "content-type": "application/json" }, bytes));
    }),
    { numRuns: 300 },
  );
  await expectHonest();
});

test("any headers are answered", async () => {
  const value = fc.oneof(
    fc.constantFrom("application/json", "*/*", "gzip", "none", "same-origin", "null", "Bearer x"),
    fc.stringMatching(/^[\x20-\x7e]{0,40}$/),
  );
  const names = [
    "accept",
    "accept-encoding",
    "content-encoding",
    "content-type",
    "origin",
    "sec-fetch-site",
    "authorization",
    "cookie",
    "x-forwarded-for",
    "apollo-federation-include-trace",
    "apollo-require-preflight",
    "if-none-match",
    "range",
  ];
  await fc.assert(
    fc.asyncProperty(fc.dictionary(fc.constantFrom(...names), value), async (headers) => {
      expectDecent(
        await send(
          { "content-type": "application/json", ...headers },
          Buffer.from('{"query":"{ __typename }"}'),
        ),
      );
    }),
    { numRuns: 300 },
  );
  await expectHonest();
});

function selection(of: GraphQLSchema, type: GraphQLOutputType, depth: number): fc.Arbitrary<string> {
  const named = getNamedType(type);
  if (isUnionType(named)) {
    return selection(of, named.getTypes()[0]!, depth).map(
      (set) => `{ ... on ${named.getTypes()[0]!.name} ${set} }`,
    );
  }
  if (!isObjectType(named)) return fc.constant("");
  const fields = Object.values(named.getFields())
    .filter((field) => !LEFT_OUT.includes(field.name))
    .filter((field) => depth > 0 || !isCompositeType(getNamedType(field.type)))
    .map((field) => {
      const args = fc.tuple(
        ...field.args.map((arg) =>
          literal.map(
            (text) =>
              `${arg.name}: ${isInputObjectType(getNamedType(arg.type)) ? `{ name: ${text} }` : text}`,
          ),
        ),
      );
      const inner = isCompositeType(getNamedType(field.type))
        ? selection(of, field.type, depth - 1)
        : fc.constant("");
      const alias = fc.option(fc.constantFrom("a: ", "__proto__: ", "b: "), { nil: "" });
      const directive = fc.option(fc.constantFrom("@skip(if: true)", "@include(if: $x)", "@deprecated"), {
        nil: "",
        freq: 5,
      });
      return fc
        .tuple(alias, args, directive, inner)
        .map(
          ([name, given, mark, set]) =>
            `${name}${field.name}${given.length === 0 ? "" : `(${given.join(", ")})`} ${mark} ${set}`,
        );
    });
  return fc
    .array(fc.oneof(fc.constant("__typename"), ...fields), { minLength: 1, maxLength: 4 })
    .map((each) => `{ ${each.join(" ")} }`);
}

async function send(headers: Record<string, string>, bytes: Buffer): Promise<Answer> {
  return readAnswer(
    await fetch(`${server.url}/graphql`, { method: "POST", headers, body: new Uint8Array(bytes) }),
  );
}

function expectDecent({ status, body, text }: Answer): void {
  expect([200, 400, 401, 403, 406, 413, 415], text.slice(0, 300)).toContain(status);
  expect("data" in body || "errors" in body, text.slice(0, 300)).toBe(true);
  for (const error of body.errors ?? []) {
    expect(error.extensions.code).toMatch(/^[A-Z_]+$/);
    expect(error.message).not.toMatch(
      /\n\s+at |node_modules|hunter2|select secret|Did you mean|Maximum call stack|Cannot read prop/,
    );
    if (error.extensions.code === "INTERNAL_SERVER_ERROR")
      expect(text).toMatch(/"(boom|sql|_entities|a|b|__proto__)"/);
  }
}

async function expectHonest(): Promise<void> {
  expect((await server.post("{ vm(id: 7) { name } }")).body.data).toEqual({ vm: { name: "vm-7" } });
  server.lines.length = 0;
}
