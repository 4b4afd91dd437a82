import { useQuery } from "urql";
import { readProblem } from "../api/problem.js";
import { AccessQuery } from "../api/queries.js";

/** Asks whether the server accepts the token; `checking` until it has answered. */
export function useAccess(token: string | null): "checking" | "open" | "sign-in" {
  const [{ error, fetching, data }] = useQuery({ query: AccessQuery, context: CONTEXTS.get(token) });
  if (readProblem(error)?.kind === "sign-in") return "sign-in";
  return data === undefined && fetching ? "checking" : "open";
}

/** One context for each token, so that another token asks again. It must stay the same object in all renders. */
const CONTEXTS = {
  known: new Map<string | null, { readonly requestPolicy: "network-only" }>(),
  get(token: string | null) {
    const context = this.known.get(token) ?? { requestPolicy: "network-only" as const };
    this.known.set(token, context);
    return context;
  },
};
