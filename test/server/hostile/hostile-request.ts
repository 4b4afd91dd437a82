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

/** The header of a JSON body. */
export const JSON_TYPE = { "content-type": "application/json" };
/** Opens and closes a text this often. */
export const nested = (depth: number, open: string, inner: string, close: string) =>
  open.repeat(depth) + inner + close.repeat(depth);
/** Joins this many texts by blanks. */
export const repeat = (count: number, each: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => each(at)).join(" ");

type Expected = Pick<HostileRequest, "title" | "status" | "code">;

interface QueryRequest extends Expected {
  readonly query: unknown;
  readonly variables?: unknown;
  readonly extensions?: unknown;
  readonly operationName?: unknown;
}

/** Makes a POST of a query. */
export function postQuery({
  query,
  variables,
  extensions,
  operationName,
  ...expected
}: QueryRequest): HostileRequest {
  const text = JSON.stringify({ query, variables, extensions, operationName });
  return { ...expected, headers: JSON_TYPE, body: text };
}

/** Makes a POST of any bytes. */
export function postBody({
  headers,
  ...rest
}: Expected & Pick<HostileRequest, "body" | "headers">): HostileRequest {
  return { ...rest, headers: { ...JSON_TYPE, ...headers } };
}

/** Makes a POST of an honest query with these headers. */
export function postWithHeaders({
  headers,
  ...rest
}: Expected & Pick<HostileRequest, "headers">): HostileRequest {
  return { ...rest, headers: { ...JSON_TYPE, ...headers }, body: '{"query":"{ __typename }"}' };
}

/** Makes a GET. */
export function get(request: Expected & Pick<HostileRequest, "path" | "headers">): HostileRequest {
  return { headers: {}, ...request, method: "GET" };
}
