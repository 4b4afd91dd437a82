import { GraphQLError } from "graphql";
import type { Logger } from "pino";
import type { Limits } from "../../model/limits.js";
import type { HeldPlace } from "../admission/places/work.js";
import type { Visit } from "../admission/visit.js";
import { createRequestScope, type RequestScope } from "../errors.js";
import type { ExecutionStop } from "./cost/stop-execution.js";
import type { Pacer, Turns } from "./cost/turns.js";
import type { FastData, ReadFailure } from "./fast-path.js";

/** What the server itself knows of a GraphQL request while it runs. */
export interface RequestState {
  /** What errors need to know of the request. */
  readonly scope: RequestScope;
  readonly visit: Visit;
  readonly place: HeldPlace;
  readonly stop: ExecutionStop;
  /** Resolves when the execution was stopped: its promise never settles then. */
  readonly stopped: Promise<void>;
  /** Starts the pacing of a large answer: what batches bring then passes in turns. */
  readonly startPacing: () => void;
  /** Resolves when the operation may be answered, rejects if it is refused; `null` until that is asked. */
  admitted: Promise<void> | null;
  kind: string | null;
  /** `true` once the operation's plan was tried. It is not tried twice. */
  isPlanTried: boolean;
  /** What its plan answered when Apollo had let it through; `null`: it is executed, or Apollo was not needed. */
  planned: FastData | ReadFailure | null;
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

const stop = Symbol("execution stop");

/** Puts a stop into the context value of an execution that is no HTTP request. Such an execution answers an event. */
export function attachStop(context: object, value: ExecutionStop): object {
  return Object.assign(context, { [stop]: value });
}

/** Finds what stops the execution that a context value belongs to. */
export function findStop(context: unknown): ExecutionStop | undefined {
  if (typeof context === "object" && context !== null && stop in context) {
    return (context as { readonly [stop]: ExecutionStop })[stop];
  }
  return findState(context)?.stop;
}

/** Finds the state in a context value; `undefined` for a context that is not of this server. */
export function findState(context: unknown): RequestState | undefined {
  return typeof context === "object" && context !== null && state in context
    ? (context as ServedContext)[state]
    : undefined;
}

/** Creates the state of a request that has got its place. */
export function createState(
  visit: Visit,
  place: HeldPlace,
  pacing: Pacing,
  { limits, log }: { readonly limits: Limits; readonly log: Logger },
): RequestState {
  let noteStopped: () => void = () => undefined;
  const stopped = new Promise<void>((resolve) => (noteStopped = resolve));
  return {
    scope: createRequestScope(visit.request.id, log),
    visit,
    place,
    stop: createStop(visit, pacing, limits, noteStopped),
    stopped,
    startPacing: pacing.start,
    admitted: null,
    kind: null,
    isPlanTried: false,
    planned: null,
    codes: [],
    hasData: false,
  };
}

/** Finds and starts the pacer of a request. Loaders get this before it is known how large the answer is. */
export interface Pacing {
  readonly find: () => Pacer | null;
  readonly start: () => void;
}

/** Creates the pacing of a request; nothing is held back until it is started. */
export function createPacing(turns: Turns): Pacing {
  let pacer: Pacer | null = null;
  return {
    find: () => pacer,
    start: () => {
      pacer ??= turns.createPacer();
    },
  };
}

/** Creates the stop of an execution. It stops at the deadline, and when its lists give more objects than `cost` allows. */
export function createStop(
  { deadline }: Pick<Visit, "deadline">,
  pacing: Pick<Pacing, "find">,
  { cost }: Limits,
  noteStopped: () => void = () => undefined,
): ExecutionStop {
  let objects = 0;
  return {
    noteStopped,
    get pacer() {
      return pacing.find();
    },
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
