import { useQuery } from "urql";
import { readProblem } from "../api/problem.js";
import { AccessQuery } from "../api/queries.js";

/** Asks whether the server lets us in; `checking` until it has answered. */
export function useAccess(token: string | null): "checking" | "open" | "sign-in" {
  const [{ error, fetching, data }] = useQuery({ query: AccessQuery, context: CONTEXTS.get(token) });
  if (readProblem(error)?.kind === "sign-in") return "sign-in";
  return data === undefined && fetching ? "checking" : "open";
}

/** Another token is another question; its context must stay the same object from render to render. */
const CONTEXTS = {
  known: new Map<string | null, { readonly requestPolicy: "network-only" }>(),
  get(token: string | null) {
    const context = this.known.get(token) ?? { requestPolicy: "network-only" as const };
    this.known.set(token, context);
    return context;
  },
};
