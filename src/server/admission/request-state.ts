import type { KnownViewer } from "../identity/identity.js";
import type { Deadline } from "./deadline.js";
import type { Measure } from "../graphql/measure.js";

/** What the server itself knows of a request while it runs: for its limits, and for the line in the log at its end. */
export interface RequestState {
  readonly id: string;
  readonly viewer: KnownViewer;
  readonly deadline: Deadline;
  operation: string | null;
  kind: string | null;
  hash: string | null;
  measure: Measure | null;
  rows: number;
  codes: readonly string[];
  hasData: boolean;
}

const state = Symbol("request state");

/** A context value with the server's own state beside what resolvers see. */
export interface ServedContext {
  readonly [state]: RequestState;
}

/** Puts the state into a context value. */
export function withState(context: object, value: RequestState): ServedContext {
  return Object.assign(context, { [state]: value });
}

/** The state in a context value; `undefined` for a context that is not of this server. */
export function stateOf(context: unknown): RequestState | undefined {
  return typeof context === "object" && context !== null && state in context
    ? (context as ServedContext)[state]
    : undefined;
}

/** The state of a request that has just begun. */
export function newState(id: string, viewer: KnownViewer, deadline: Deadline): RequestState {
  return {
    id,
    viewer,
    deadline,
    operation: null,
    kind: null,
    hash: null,
    measure: null,
    rows: 0,
    codes: [],
    hasData: false,
  };
}
