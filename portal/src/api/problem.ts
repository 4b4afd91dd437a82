import type { CombinedError } from "@urql/core";

/** What went wrong with a request, for people. */
export interface Problem {
  /** `sign-in`: the server wants to know who asks. `offline`: no answer came. */
  readonly kind: "sign-in" | "forbidden" | "offline" | "other";
  readonly message: string;
}

/** Says what an error means for the person before the screen; `null` if there is none. */
export function readProblem(error: CombinedError | undefined): Problem | null {
  if (error === undefined) return null;
  const response: unknown = error.response;
  const status = response instanceof Response ? response.status : null;
  const code = error.graphQLErrors[0]?.extensions["code"];
  const message = error.graphQLErrors[0]?.message ?? error.networkError?.message ?? error.message;
  if (status === 401 || code === "UNAUTHENTICATED") {
    return { kind: "sign-in", message: "This server wants to know who asks. Sign in with a token." };
  }
  if (status === 403 || code === "FORBIDDEN") return { kind: "forbidden", message };
  if (status === null && error.networkError !== undefined) {
    return { kind: "offline", message: "The server does not answer. The page shows what it said last." };
  }
  return { kind: "other", message };
}
