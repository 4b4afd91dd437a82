/** An answer to a failed request, in oVirt's form: a reason in a few words and the detail. */
export class OvirtFaultError extends Error {
  override readonly name = "OvirtFaultError";

  constructor(
    readonly status: number,
    readonly detail: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail);
  }

  /** The few words that belong to the status. */
  get reason(): string {
    return REASONS[this.status] ?? "Operation Failed";
  }
}

/** Creates the fault of something that is absent, or hidden from this viewer; the answer does not say which. */
export function createNotFoundFault(what: string, id: string): OvirtFaultError {
  return new OvirtFaultError(404, `Entity not found: ${what}: id=${id.slice(0, 100)}`);
}

/**
 * Converts an error into the fault that a client may see; `null`: the client must not see it. Guards, identity and the
 * graph have error classes that this room does not know; these carry a status, or a code.
 */
export function toFault(error: unknown): OvirtFaultError | null {
  if (error instanceof OvirtFaultError) return error;
  if (!(error instanceof Error)) return null;
  const status = findStatus(error);
  if (status === null) return null;
  const isFramework = "code" in error && String(error.code).startsWith("FST_");
  return new OvirtFaultError(
    status,
    isFramework ? "The request is malformed." : error.message,
    readHeaders(error),
  );
}

function findStatus(error: Error): number | null {
  const status = "status" in error ? error.status : "statusCode" in error ? error.statusCode : undefined;
  if (typeof status === "number") return keepForeseen(status);
  const extensions = ("extensions" in error && error.extensions) as GraphExtensions | null | false;
  const told = extensions ? extensions.http?.status : undefined;
  if (typeof told === "number") return keepForeseen(told);
  return STATUS_OF_CODE[String(extensions ? extensions.code : "")] ?? null;
}

/** The extensions of a GraphQL error that matter here. */
interface GraphExtensions {
  readonly code?: unknown;
  readonly http?: { readonly status?: unknown };
}

function keepForeseen(status: number): number | null {
  return status in REASONS ? status : null;
}

/** Returns the headers that an error wants in its answer. */
export function readHeaders(error: Error): Record<string, string> {
  const headers = "headers" in error ? error.headers : undefined;
  if (typeof headers !== "object" || headers === null) return {};
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

const REASONS: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Operation Failed",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  408: "Request Timeout",
  413: "Content Too Large",
  414: "URI Too Long",
  415: "Unsupported Media Type",
  417: "Expectation Failed",
  421: "Misdirected Request",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  499: "Client Closed Request",
  500: "Internal Server Error",
  501: "Not Implemented",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  505: "HTTP Version Not Supported",
};

const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  BAD_USER_INPUT: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_AVAILABLE: 503,
};
