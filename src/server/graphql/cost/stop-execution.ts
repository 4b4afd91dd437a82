import {
  type GraphQLFieldResolver,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isCompositeType,
  isListType,
  isObjectType,
} from "graphql";
import type { Pacer } from "./turns.js";

/** Lets an execution ask whether it has to stop, and tells it what was stopped. */
export interface ExecutionStop {
  /** Tells whether the request is over, by time or because its client left. */
  readonly isOver: () => boolean;
  /** Called when a field will never be answered, so that the operation will never settle. */
  readonly noteStopped: () => void;
  /** Called with the number of objects that a list gave; it may end the request. */
  readonly countObjects: (count: number) => void;
  /**
   * Holds back what batches brought, so that other requests are served between parts of a large answer; `null`: the
   * answer is small.
   */
  readonly pacer: Pacer | null;
}

/** Finds the stop of the request that a context value belongs to. */
export type FindStop = (context: unknown) => ExecutionStop | undefined;

const guarded = new WeakSet<GraphQLSchema>();

/**
 * Makes the executions of a schema stop when their requests end. graphql-js 16 cannot abort an execution, so resolvers
 * do it:
 * 1. Each resolver that gives objects first asks whether its request is over. Scalars do not; most of them come with their
 *    object, and those that a batch brings wait for their turn as objects do.
 * 2. If the request is over, the resolver gives a promise that never settles: nothing below it is resolved, and no
 *    error is made.
 * 3. `noteStopped` informs whoever waits for the execution, which never settles either.
 */
export function stopExecutions(schema: GraphQLSchema, findStop: FindStop): void {
  if (guarded.has(schema)) return;
  guarded.add(schema);
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith("__")) continue;
    for (const field of Object.values(type.getFields())) {
      const isList = isListType(getNullableType(field.type));
      if (isCompositeType(getNamedType(field.type)))
        field.resolve = guardResolver(findStop, isList, field.resolve);
      else if (field.resolve !== undefined) field.resolve = paceLeaf(findStop, field.resolve);
    }
  }
}

type Resolver = GraphQLFieldResolver<unknown, unknown>;

function guardResolver(findStop: FindStop, isList: boolean, resolve: Resolver = readProperty): Resolver {
  return (source, args, context, info) => {
    const stop = findStop(context);
    if (stop === undefined) return resolve(source, args, context, info);
    if (stop.isOver()) return createNever(stop);
    const value = resolve(source, args, context, info);
    return value instanceof Promise ? guardPromise(value, isList, stop) : finish(value, isList, stop);
  };
}

/** Lets a scalar that a batch brought pass in its turn: thousands of them may complete as many objects at once. */
function paceLeaf(findStop: FindStop, resolve: Resolver): Resolver {
  return (source, args, context, info) => {
    const value = resolve(source, args, context, info);
    if (!(value instanceof Promise)) return value;
    const stop = findStop(context);
    return stop === undefined ? value : guardPromise(value, false, stop);
  };
}

/** Continues with what a batch brought, when the pacer lets it pass. Small answers have no pacer. */
function guardPromise(promise: Promise<unknown>, isList: boolean, stop: ExecutionStop): unknown {
  const { pacer } = stop;
  if (pacer === null) return isList ? promise.then((list) => countList(list, stop)) : promise;
  return promise.then((value) => {
    const passed = pacer.pass(value, countCompleted(value));
    return passed instanceof Promise
      ? passed.then((late: unknown) => finish(late, isList, stop))
      : finish(value, isList, stop);
  });
}

/**
 * Counts the objects that graphql-js completes together with this value. The items of a long list pass one by one
 * instead.
 */
function countCompleted(value: unknown): number {
  return Array.isArray(value) && value.length <= MAX_LIST_AT_ONCE ? 1 + value.length : 1;
}

/** Returns the value, unless the request ended while the value waited for its turn. */
function finish(value: unknown, isList: boolean, stop: ExecutionStop): unknown {
  if (stop.isOver()) return createNever(stop);
  return isList ? countList(value, stop) : value;
}

/** Counts the objects of a list, and lets the items of a long one pass in turns. */
function countList(value: unknown, stop: ExecutionStop): unknown {
  if (!Array.isArray(value)) return value;
  stop.countObjects(value.length);
  if (stop.isOver()) return createNever(stop);
  const { pacer } = stop;
  if (pacer === null || value.length <= MAX_LIST_AT_ONCE) return value;
  return value.map((item: unknown) => pacer.pass(item, 1));
}

/** The longest list that graphql-js completes without a pause: that many objects take a millisecond or two. */
const MAX_LIST_AT_ONCE = 64;

/**
 * Creates a promise that never settles, for a field that nobody waits for any more. Each field gets one of its own: a
 * shared one would keep in memory all that waits for it.
 */
function createNever({ noteStopped }: ExecutionStop): Promise<never> {
  noteStopped();
  return new Promise(() => undefined);
}

/** Reads a property, as graphql-js does for fields without a resolver. */
const readProperty: Resolver = (source, args, context, info) => {
  if (typeof source !== "object" || source === null) return undefined;
  const property: unknown = Reflect.get(source, info.fieldName);
  return typeof property === "function" ? (property.call(source, args, context, info) as unknown) : property;
};
