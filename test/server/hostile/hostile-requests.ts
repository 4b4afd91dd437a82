import { getIntrospectionQuery } from "graphql";
import { DOCUMENTS } from "./hostile-documents.js";
import { repeat, type HostileRequest } from "./hostile-request.js";
import { BODIES, GETS, HEADERS } from "./hostile-transport.js";

export type { HostileRequest } from "./hostile-request.js";

const unicode = "\\u0000";

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
