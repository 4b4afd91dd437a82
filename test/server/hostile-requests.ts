import { getIntrospectionQuery } from "graphql";

/** One hostile request, and how it must be refused: the status, and the first error's code where there is one. */
export interface HostileRequest {
  readonly title: string;
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
  readonly status: number | readonly number[];
  readonly code?: string;
}

const JSON_TYPE = { "content-type": "application/json" };
const nested = (depth: number, open: string, inner: string, close: string) =>
  open.repeat(depth) + inner + close.repeat(depth);
const repeat = (count: number, each: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => each(at)).join(" ");

/** A POST of a query. */
function query(
  title: string,
  text: unknown,
  status: HostileRequest["status"],
  code?: string,
  extra: { variables?: unknown; extensions?: unknown; operationName?: unknown } = {},
): HostileRequest {
  const expected = code === undefined ? { status } : { status, code };
  return { title, headers: JSON_TYPE, body: JSON.stringify({ query: text, ...extra }), ...expected };
}

function body(
  title: string,
  text: string | Buffer,
  status: HostileRequest["status"],
  headers = {},
): HostileRequest {
  return { title, headers: { ...JSON_TYPE, ...headers }, body: text, status };
}

function headers(
  title: string,
  given: Record<string, string>,
  status: number,
  code?: string,
): HostileRequest {
  const expected = code === undefined ? { status } : { status, code };
  return { title, headers: { ...JSON_TYPE, ...given }, body: '{"query":"{ __typename }"}', ...expected };
}

function get(
  title: string,
  path: string,
  status: HostileRequest["status"],
  given: Record<string, string> = {},
): HostileRequest {
  return { title, method: "GET", path, headers: given, status };
}

/** Fragments that each spread the next one twice: 2^n fields once expanded. */
const fragmentBomb = (levels: number) =>
  `{ vm(id: 1) { ...f0 } } ` +
  repeat(
    levels,
    (at) => `fragment f${at} on Vm { a: nics { vm { ...f${at + 1} } } b: nics { vm { ...f${at + 1} } } }`,
  ) +
  ` fragment f${levels} on Vm { name }`;

const circular = `{ vms { nodes ${nested(29, "{ nics { vm ", "{ id }", "} }")} } }`;
const inlineOverlaps = `{ ${repeat(200, () => `... on Query { ${repeat(3, () => "vms { nodes { id } }")} }`)} }`;
const unicode = "\\u0000";

const DOCUMENTS: HostileRequest[] = [
  query("the circular query that kills servers", circular, 400, "TOO_DEEP"),
  query(
    "circular, just over the depth",
    `{ vm(id: 1) ${nested(6, "{ nics { vm ", "{ id }", "} }")} }`,
    400,
    "TOO_DEEP",
  ),
  query("a fragment bomb of 12 levels", fragmentBomb(12), 400),
  query("a fragment bomb of 30 levels", fragmentBomb(30), 400),
  query(
    "a shallow fragment bomb",
    `{ ...f0 } ${repeat(30, (at) => `fragment f${at} on Query { ...f${at + 1} ...f${at + 1} }`)} fragment f30 on Query { __typename }`,
    400,
  ),
  query(
    "fragments in a circle",
    "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }",
    200,
    "GRAPHQL_VALIDATION_FAILED",
  ),
  query(
    "a fragment in itself",
    "{ ...a } fragment a on Query { vm(id: 1) { id } ...a }",
    200,
    "GRAPHQL_VALIDATION_FAILED",
  ),
  query(
    "500 unused fragments",
    `{ __typename } ${repeat(250, (at) => `fragment f${at} on Query { __typename }`)}`,
    200,
    "GRAPHQL_VALIDATION_FAILED",
  ),
  query("101 aliases", `{ ${repeat(101, (at) => `a${at}: __typename`)} }`, 400),
  query("1,000 aliases", `{ ${repeat(1_000, (at) => `a${at}: __typename`)} }`, 400, "TOO_MANY_TOKENS"),
  query(
    "60 aliases in an object",
    `{ vm(id: 1) { ${repeat(60, (at) => `a${at}: name`)} } }`,
    400,
    "TOO_MANY_ALIASES",
  ),
  query("60 aliased lists", `{ ${repeat(60, (at) => `a${at}: vms(first: 500) { nodes { id } }`)} }`, 400),
  query("41 root fields", `{ ${repeat(41, () => "__typename")} }`, 400, "TOO_MANY_ROOT_FIELDS"),
  query(
    "root fields by a fragment",
    `{ ...r ...r ...r } fragment r on Query { ${repeat(20, () => "__typename")} }`,
    400,
    "TOO_MANY_ROOT_FIELDS",
  ),
  query("500 duplicates of a field", `{ ${repeat(500, () => "__typename")} }`, 400),
  query("500 duplicates below", `{ vm(id: 1) { ${repeat(500, () => "id")} } }`, 400, "TOO_MANY_FIELDS"),
  query("9,000 duplicates", `{ ${repeat(9_000, () => "__typename")} }`, 400, "TOO_MANY_TOKENS"),
  query("duplicate objects", `{ ${repeat(480, () => "vms { nodes { id } }")} }`, 400, "TOO_MANY_TOKENS"),
  query("duplicate objects within the tokens", `{ ${repeat(300, () => "vms { totalCount }")} }`, 400),
  query("overlapping inline fragments", inlineOverlaps, 400, "TOO_MANY_TOKENS"),
  query(
    "overlapping inline fragments within the tokens",
    `{ ${repeat(150, () => "... on Query { vms { totalCount } }")} }`,
    400,
  ),
  query(
    "10 unknown directives",
    `{ __typename ${repeat(10, () => "@aa")} }`,
    200,
    "GRAPHQL_VALIDATION_FAILED",
  ),
  query("1,000 directives", `{ __typename ${repeat(1_000, () => "@aa")} }`, 200, "GRAPHQL_VALIDATION_FAILED"),
  query(
    "60 honest directives",
    `{ ${repeat(30, (at) => `f${at}: __typename @skip(if: false) @include(if: true)`)} }`,
    400,
    "TOO_MANY_DIRECTIVES",
  ),
  query(
    "100 operations",
    repeat(100, (at) => `query q${at} { __typename }`),
    400,
    undefined,
    { operationName: "q1" },
  ),
  query(
    "21 operations",
    repeat(21, (at) => `query q${at} { __typename }`),
    400,
    "TOO_MANY_OPERATIONS",
    { operationName: "q1" },
  ),
  query("a page of a billion", "{ vms(first: 1000000000) { nodes { id nics { id } } } }", 400, "TOO_COSTLY"),
  query(
    "a page of a billion by variable",
    "query ($n: Int) { vms(first: $n) { nodes { id nics { id } } } }",
    400,
    "TOO_COSTLY",
    { variables: { n: 1e9 } },
  ),
  query(
    "a page of a billion by default",
    "query ($n: Int = 1000000000) { vms(first: $n) { nodes { id nics { id } } } }",
    400,
    "TOO_COSTLY",
  ),
  query("a negative page", "{ vms(first: -1) { nodes { id } } }", 200, "BAD_USER_INPUT"),
  query("a page that is no number", '{ vms(first: "x") { nodes { id } } }', 200, "GRAPHQL_VALIDATION_FAILED"),
  query(
    "wide pages of wide pages",
    "{ vms(first: 500) { nodes { nics { vm { nics { vm { nics { id } } } } } } } }",
    400,
    "TOO_COSTLY",
  ),
  query(
    "20,000 representations of wide things",
    "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Vm { nics { vm { id } } } } }",
    400,
    "TOO_COSTLY",
    { variables: { r: Array.from({ length: 20_000 }, () => ({ __typename: "Vm", id: "1" })) } },
  ),
  query(
    "introspection in a circle",
    `{ __schema { types ${nested(12, "{ fields { type ", "{ name }", "} }")} } }`,
    200,
    "GRAPHQL_VALIDATION_FAILED",
  ),
  query(
    "40 introspections at once",
    `{ ${repeat(40, (at) => `a${at}: __schema { types { fields { args { type { name } } } } }`)} }`,
    400,
  ),
  query(
    "introspection ten times over",
    repeat(
      1,
      () =>
        `{ ${repeat(10, (at) => `a${at}: __schema { types { name fields { name args { name type { name ofType { name ofType { name } } } } type { name } } } }`)} }`,
    ),
    [200, 400],
  ),
  query("30,000 open braces", "{".repeat(30_000), 400, "TOO_DEEP"),
  query("50,000 open brackets", `query($a: ${"[".repeat(50_000)}Int) { __typename }`, 400, "TOO_DEEP"),
  query("50,000 open brackets in a value", `{ vm(id: ${"[".repeat(50_000)}) { id } }`, 400, "TOO_DEEP"),
  query("open parentheses", "(".repeat(20_000), 400, "TOO_DEEP"),
  query(
    "nested objects in a value",
    `{ vms(filter: ${nested(150, "{ not: ", "{}", "}")}) { totalCount } }`,
    400,
    "TOO_DEEP",
  ),
  query("brackets behind an open string", `{ a(b: "${"[".repeat(3_000)}`, 200, "GRAPHQL_PARSE_FAILED"),
  query(
    "brackets behind an open block string",
    `{ a(b: """${"{".repeat(3_000)}`,
    200,
    "GRAPHQL_PARSE_FAILED",
  ),
  query("an escape at the end", '{ a(b: "\\', 200, "GRAPHQL_PARSE_FAILED"),
  query("99,000 commas", `{ __typename ${",".repeat(99_000)} }`, 200),
  query("200,000 commas", `{ __typename ${",".repeat(200_000)} }`, 400, "DOCUMENT_TOO_LARGE"),
  query(
    "a comment of 200,000 characters",
    `#${"x".repeat(200_000)}\n{ __typename }`,
    400,
    "DOCUMENT_TOO_LARGE",
  ),
  query("a name of 90,000 characters", `{ ${"x".repeat(90_000)} }`, 200, "GRAPHQL_VALIDATION_FAILED"),
  query("a string of 90,000 characters", `{ vm(id: "${"x".repeat(90_000)}") { nics { id } } }`, 200),
  query("nothing but whitespace", "   ", 200, "GRAPHQL_PARSE_FAILED"),
  query("nothing", "", 400),
  query("only a comment", "# hello", 200, "GRAPHQL_PARSE_FAILED"),
  query("a schema definition", "type Query { a: Int }", 200, "GRAPHQL_VALIDATION_FAILED"),
  query("an unknown field, close to a real one", "{ secretRendezvou }", 200, "GRAPHQL_VALIDATION_FAILED"),
  query(
    "an unknown enum value, close to a real one",
    "{ vms(filter: { status: UPP }) { totalCount } }",
    200,
    "GRAPHQL_VALIDATION_FAILED",
  ),
  query(
    "an unknown enum value by variable",
    "query ($f: VmFilter) { vms(filter: $f) { totalCount } }",
    200,
    "BAD_USER_INPUT",
    { variables: { f: { status: "UPP" } } },
  ),
  query(
    "an unknown input field by variable",
    "query ($f: VmFilter) { vms(filter: $f) { totalCount } }",
    200,
    "BAD_USER_INPUT",
    { variables: { f: { nam: "x" } } },
  ),
  query("an unknown argument", "{ vms(frist: 1) { totalCount } }", 200, "GRAPHQL_VALIDATION_FAILED"),
  query("an unknown type", "{ ...f } fragment f on Vn { id }", 200, "GRAPHQL_VALIDATION_FAILED"),
  query("a subscription that does not exist", "subscription { a }", 400, "OPERATION_NOT_SUPPORTED"),
  query("an operation name that does not exist", "query a { __typename }", 400, undefined, {
    operationName: "b",
  }),
  query("two anonymous operations", "{ __typename } { __typename }", 200, "GRAPHQL_VALIDATION_FAILED"),
  query("defer", "{ vm(id: 1) { ... @defer { name } } }", 200, "GRAPHQL_VALIDATION_FAILED"),
  query(
    "100 wrong variables",
    `query (${repeat(100, (at) => `$a${at}: Int!`)}) { __typename }`,
    200,
    "GRAPHQL_VALIDATION_FAILED",
  ),
  query(
    "100 wrong values in one variable",
    "query ($f: [Int]) { vms(first: $f) { totalCount } }",
    200,
    "GRAPHQL_VALIDATION_FAILED",
  ),
  query(
    "ten variables without values",
    `query (${repeat(10, (at) => `$a${at}: ID!`)}) { ${repeat(10, (at) => `v${at}: vm(id: $a${at}) { id }`)} }`,
    200,
    "BAD_USER_INPUT",
  ),
  query("an error with secrets in it", "{ boom }", 200, "INTERNAL_SERVER_ERROR"),
  query("a database error", "{ sql }", 200, "INTERNAL_SERVER_ERROR"),
  query(
    "both as often as allowed",
    `{ ${repeat(20, (at) => `a${at}: boom b${at}: sql`)} }`,
    200,
    "INTERNAL_SERVER_ERROR",
  ),
  query("a NUL in the query", "{ \u0000 }", 200, "GRAPHQL_PARSE_FAILED"),
  query("lone surrogates", '{ vm(id: "\ud800") { id } }', [200]),
  query("a mutation under a query's name", "query a { restart(id: 1) }", 200, "GRAPHQL_VALIDATION_FAILED"),
];

const BODIES: HostileRequest[] = [
  query("a number as query", 1, 400),
  query("a list as query", ["{ __typename }"], 400),
  query("an AST as query", { kind: "Document", definitions: [] }, 400),
  query("variables as text", "{ __typename }", 400, undefined, { variables: "{}" }),
  query("variables as list", "{ __typename }", 400, undefined, { variables: [] }),
  query("extensions as list", "{ __typename }", 400, undefined, { extensions: [] }),
  query("an operation name as object", "{ __typename }", 400, undefined, { operationName: {} }),
  query("a persisted query that is no object", "{ __typename }", 400, "PERSISTED_QUERY_INVALID", {
    extensions: { persistedQuery: 1 },
  }),
  query("a persisted query of version 2", "{ __typename }", 400, "PERSISTED_QUERY_INVALID", {
    extensions: { persistedQuery: { version: 2, sha256Hash: "a".repeat(64) } },
  }),
  query("a hash that is not the query's", "{ __typename }", 400, "PERSISTED_QUERY_INVALID", {
    extensions: { persistedQuery: { version: 1, sha256Hash: "a".repeat(64) } },
  }),
  query("a hash that is an object", undefined, 400, "PERSISTED_QUERY_INVALID", {
    extensions: { persistedQuery: { version: 1, sha256Hash: {} } },
  }),
  query("__proto__ as hash", undefined, 400, "PERSISTED_QUERY_INVALID", {
    extensions: { persistedQuery: { version: 1, sha256Hash: "__proto__" } },
  }),
  query("an unknown hash", undefined, 200, "PERSISTED_QUERY_NOT_FOUND", {
    extensions: { persistedQuery: { version: 1, sha256Hash: "b".repeat(64) } },
  }),
  body(
    "a batch of 100",
    JSON.stringify(Array.from({ length: 100 }, () => ({ query: "{ __typename }" }))),
    400,
  ),
  body("an empty batch", "[]", 400),
  body("a JSON string", '"{ __typename }"', 400),
  body("null", "null", 400),
  body("an empty object", "{}", 400),
  body("an empty body", "", 400),
  body("half a JSON", '{"query":"{ __type', 400),
  body("JSON with a comment", '{"query":"{ __typename }"/**/}', 400),
  body("100,000 nested lists", nested(100_000, "[", "", "]"), 400),
  body("100,000 nested objects", nested(100_000, '{"a":', "1", "}"), 400),
  body("deep variables", `{"query":"{ __typename }","variables":{"a":${nested(1_000, "[", "", "]")}}}`, 400),
  body("an unclosed million", "[".repeat(1_000_000), 400),
  body(
    "3 MB",
    JSON.stringify({ query: "{ __typename }", variables: { a: "x".repeat(3 * 1024 * 1024) } }),
    413,
  ),
  body("20 MB", Buffer.alloc(20 * 1024 * 1024, 0x20), 413),
  body("invalid UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), 400),
  body("an overlong encoding", Buffer.from([0x22, 0xc0, 0xaf, 0x22]), 400),
  body("UTF-16", Buffer.from('{"query":"{ __typename }"}', "utf16le"), 400),
  body(
    "prototype pollution by the body",
    '{"__proto__":{"query":"{ boom }"},"constructor":{"prototype":{"a":1}}}',
    400,
  ),
  body(
    "prototype pollution by variables",
    '{"query":"query ($i: ID!) { vm(id: $i) { id } }","variables":{"__proto__":{"i":"1"}}}',
    200,
  ),
  query("prototype names as fields", "{ __proto__ constructor toString }", 200, "GRAPHQL_VALIDATION_FAILED"),
  query(
    "prototype names as aliases",
    "{ __proto__: __typename constructor: __typename hasOwnProperty: __typename }",
    200,
  ),
  body(
    "a text too big to be told back",
    JSON.stringify({
      query: "query ($i: Int) { vms(first: $i) { totalCount } }",
      variables: { i: "x".repeat(100_000) },
    }),
    200,
  ),
  { title: "no body at all", headers: JSON_TYPE, status: 400 },
];

const HEADERS: HostileRequest[] = [
  headers("a form", { "content-type": "application/x-www-form-urlencoded" }, 415),
  headers("a multipart form", { "content-type": "multipart/form-data; boundary=x" }, 415),
  headers("plain text", { "content-type": "text/plain" }, 415),
  headers("application/graphql", { "content-type": "application/graphql" }, 415),
  headers("a type that begins like JSON", { "content-type": "application/jsonx" }, 415),
  headers("an exotic charset", { "content-type": "application/json; charset=utf-7" }, 415),
  headers("UTF-16 by charset", { "content-type": "application/json; charset=utf-16" }, 415),
  headers("IBM037", { "content-type": "application/json; charset=ibm037" }, 415),
  headers("a charset with a quote in it", { "content-type": 'application/json; charset="utf-8' }, 415),
  headers("two charsets", { "content-type": "application/json; charset=utf-8; charset=utf-16" }, 415),
  headers("gzip", { "content-encoding": "gzip" }, 415),
  headers("deflate", { "content-encoding": "deflate" }, 415),
  headers("an unknown encoding", { "content-encoding": "zstd, br" }, 415),
  headers("nothing acceptable", { accept: "image/png" }, 406),
  headers("a cross-site page", { "sec-fetch-site": "cross-site" }, 403, "CROSS_SITE_REQUEST"),
  headers("a same-site page", { "sec-fetch-site": "same-site" }, 403, "CROSS_SITE_REQUEST"),
  headers("another origin", { origin: "https://evil.example" }, 403, "CROSS_SITE_REQUEST"),
  headers("the origin null", { origin: "null" }, 403, "CROSS_SITE_REQUEST"),
  headers("another port's origin", { origin: "http://127.0.0.1:1" }, 403, "CROSS_SITE_REQUEST"),
  headers("an origin that is no URL", { origin: "////" }, 403, "CROSS_SITE_REQUEST"),
  headers("an endless Accept", { accept: Array.from({ length: 1_500 }, () => "a/b").join(",") }, 406),
  headers("headers of 20 kB", { "x-filler": "x".repeat(20_000) }, 431),
];

const GETS: HostileRequest[] = [
  get("a mutation", "/graphql?query=mutation{restart(id:1)}", 405),
  get(
    "a mutation among queries",
    "/graphql?query=query%20a{__typename}mutation%20b{restart(id:1)}&operationName=b",
    405,
  ),
  get("no query", "/graphql", 400),
  get("an empty query", "/graphql?query=", 400),
  get("two queries", "/graphql?query={__typename}&query={boom}", 400),
  get("variables that are no JSON", "/graphql?query={__typename}&variables=%7B", 400),
  get("variables that are a list", "/graphql?query={__typename}&variables=[]", 400),
  get("deep variables", `/graphql?query={__typename}&variables=${nested(500, "[", "", "]")}`, 400),
  get("a message content type", "/graphql?query={__typename}", 415, { "content-type": "message/rfc822" }),
  get("a text content type", "/graphql?query={__typename}", 415, { "content-type": "text/plain" }),
  get("a cross-site page", "/graphql?query={__typename}", 403, { "sec-fetch-site": "cross-site" }),
  get("the circular query", `/graphql?query=${encodeURIComponent(circular)}`, 400),
  get("a query of 20 kB", `/graphql?query={${"a,".repeat(10_000)}}`, 431),
  get("a path that goes up", "/..%2f..%2f..%2fetc%2fpasswd", 404),
  get("assets that go up", "/assets/..%2f..%2fpackage.json", [403, 404]),
  get("a broken escape", "/%zz", [400, 404]),
  get("an unknown path", "/admin", 404),
  get("a NUL in the path", "/graphql%00", 404),
  { title: "PUT", method: "PUT", headers: JSON_TYPE, body: "{}", status: 405 },
  { title: "DELETE", method: "DELETE", status: 405 },
  { title: "HEAD", method: "HEAD", status: 400 },
  {
    title: "OPTIONS",
    method: "OPTIONS",
    headers: { origin: "https://evil.example", "access-control-request-method": "POST" },
    status: 405,
  },
];

/** Every hostile request. */
export const HOSTILE_REQUESTS: readonly HostileRequest[] = [
  ...DOCUMENTS.map((each) => ({ ...each, title: `document: ${each.title}` })),
  ...BODIES.map((each) => ({ ...each, title: `body: ${each.title}` })),
  ...HEADERS.map((each) => ({ ...each, title: `headers: ${each.title}` })),
  ...GETS.map((each) => ({ ...each, title: `GET and others: ${each.title}` })),
];

/** What must never be refused. */
export const HONEST_QUERIES: readonly { title: string; query: string; variables?: unknown }[] = [
  { title: "the standard introspection", query: getIntrospectionQuery() },
  {
    title: "the fullest introspection, as GraphiQL sends it",
    query: getIntrospectionQuery({
      specifiedByUrl: true,
      directiveIsRepeatable: true,
      schemaDescription: true,
      inputValueDeprecation: true,
      oneOf: true,
    }),
  },
  {
    title: "a gateway's merged fetch of 30 aliased _entities",
    query: `query (${repeat(30, (at) => `$r${at}: [_Any!]!`)}) { ${repeat(30, (at) => `e${at}: _entities(representations: $r${at}) { ... on Vm { id name status nics { id mac } } }`)} }`,
    variables: Object.fromEntries(
      Array.from({ length: 30 }, (_, at) => [`r${at}`, [{ __typename: "Vm", id: "1" }]]),
    ),
  },
  {
    title: "5,000 representations in one body",
    query: "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Vm { id name status } } }",
    variables: {
      r: Array.from({ length: 5_000 }, (_, at) => ({
        __typename: "Vm",
        id: `a71fd4e2-0000-4000-8000-${String(at).padStart(12, "0")}`,
      })),
    },
  },
  {
    title: "a full page of everything",
    query: "{ vms(first: 500) { totalCount nodes { id name status nics { id mac } } } }",
  },
  { title: "the subgraph's SDL", query: "{ _service { sdl } }" },
];

/** Kept apart from the table for its escape: it goes through JSON as text. */
export const NUL_IN_VARIABLE = `{"query":"query ($i: ID!) { vm(id: $i) { id } }","variables":{"i":"${unicode}"}}`;
