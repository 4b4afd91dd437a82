import { GraphQLError } from "graphql";
import type { Limits } from "../../model/limits.js";
import type { HeldPlace } from "../admission/work.js";
import type { Visit } from "../admission/visit.js";
import type { ExecutionStop } from "./cost/stop-execution.js";

/** What the server itself knows of a GraphQL request while it runs. */
export interface RequestState {
  readonly visit: Visit;
  readonly place: HeldPlace;
  readonly stop: ExecutionStop;
  kind: string | null;
  codes: readonly string[];
  hasData: boolean;
}

const state = Symbol("request state");

/** A context value with the server's own state beside what resolvers see. */
export interface ServedContext {
  readonly [state]: RequestState;
}

/** Puts the state into a context value. */
export function attachState(context: object, value: RequestState): ServedContext {
  return Object.assign(context, { [state]: value });
}

/** Finds the state in a context value; `undefined` for a context that is not of this server. */
export function findState(context: unknown): RequestState | undefined {
  return typeof context === "object" && context !== null && state in context
    ? (context as ServedContext)[state]
    : undefined;
}

/** Creates the state of a request that has got its place. */
export function createState(visit: Visit, place: HeldPlace, limits: Limits): RequestState {
  return { visit, place, stop: createStop(visit, limits), kind: null, codes: [], hasData: false };
}

/** Ends the request at its deadline, and when its lists give more objects than the estimate of its cost could be. */
function createStop({ deadline }: Visit, { cost }: Limits): ExecutionStop {
  let objects = 0;
  return {
    isOver: () => {
      try {
        deadline.check();
        return false;
      } catch {
        return true;
      }
    },
    countObjects: (count) => {
      objects += count;
      if (objects <= cost) return;
      const message = `The answer has more than ${cost} objects, and was stopped. Ask for less at once, page by page (first, after), or set LIMITS=cost=….`;
      deadline.end(new GraphQLError(message, { extensions: { code: "TOO_COSTLY", http: { status: 400 } } }));
    },
  };
}
