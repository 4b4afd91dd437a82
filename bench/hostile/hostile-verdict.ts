import type { HostileRequest } from "../../test/server/hostile/hostile-requests.js";

/** What a server answered. */
export interface HostileAnswer {
  readonly status: number;
  readonly text: string;
}

/** Text that no answer may contain: stacks, secrets, SQL, the server's files, hints at hidden fields. */
const LEAKS = /\n\s+at |node_modules|hunter2|postgres:|select secret|\/src\/|Did you mean|secretRendezvous/;

/** What is wrong with an answer. */
export type Fault = "fails" | "leaks" | "answers";

/**
 * Finds the fault of a server's answer; `null`: none. Its wording does not matter.
 * - `fails`: a status of 5xx.
 * - `leaks`: the answer contains what none may.
 * - `answers`: the request should be refused, by a status of 4xx or by errors without data, and is not.
 */
export function findFault(
  { status, code }: HostileRequest,
  { status: got, text }: HostileAnswer,
): Fault | null {
  const { data, errors } = parseBody(text);
  if (LEAKS.test(data == null ? text : JSON.stringify(errors ?? []))) return "leaks";
  if (got >= 500) return "fails";
  const mayBeAnswered =
    [status].flat().includes(200) && (code === undefined || code === "INTERNAL_SERVER_ERROR");
  const isRefused = got >= 400 || (errors !== undefined && isEmpty(data));
  return mayBeAnswered || isRefused ? null : "answers";
}

/** Tells whether an honest query was answered with data and without errors. */
export function isAnswered({ status, text }: HostileAnswer): boolean {
  const { data, errors } = parseBody(text);
  return status === 200 && errors === undefined && data != null;
}

function isEmpty(data: unknown): boolean {
  return data == null || Object.values(data).every((value) => value === null);
}

function parseBody(text: string): { data?: unknown; errors?: unknown[] } {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null ? body : {};
  } catch {
    return {};
  }
}
