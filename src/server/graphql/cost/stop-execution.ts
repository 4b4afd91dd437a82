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

/** What stops an execution. */
export interface ExecutionStop {
  /** Tells whether the request is over, by time or because its client left. */
  readonly isOver: () => boolean;
  /** Told that a field will never be answered, and so neither will the operation. */
  readonly noteStopped: () => void;
  /** Told how many objects a list gave; may end the request. */
  readonly countObjects: (count: number) => void;
  /** Holds back what batches brought, so that a large answer lets others have their turn; `null`: the answer is small. */
  readonly pacer: Pacer | null;
}

/** Finds what stops the request that a context value belongs to. */
export type FindStop = (context: unknown) => ExecutionStop | undefined;

const guarded = new WeakSet<GraphQLSchema>();

/**
 * Makes execution itself stop. graphql-js 16 cannot be aborted. So every resolver that gives objects first asks whether
 * the request is over. If it is, the resolver never answers: nothing below it is resolved, no error is made for it, and
 * the request is answered by its deadline alone. Whoever waits for the execution is told, since it never ends. Scalars are not
 * asked; they come with their object.
 */
export function stopExecutions(schema: GraphQLSchema, findStop: FindStop): void {
  if (guarded.has(schema)) return;
  guarded.add(schema);
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith("__")) continue;
    for (const field of Object.values(type.getFields())) {
      if (!isCompositeType(getNamedType(field.type))) continue;
      const isList = isListType(getNullableType(field.type));
      field.resolve = guardResolver(findStop, isList, field.resolve);
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

/** Goes on with what a batch brought, in its turn; small answers need none. */
function guardPromise(promise: Promise<unknown>, isList: boolean, stop: ExecutionStop): unknown {
  const { pacer } = stop;
  if (pacer === null) return isList ? promise.then((list) => countList(list, stop)) : promise;
  return promise.then((value) => {
    const passed = pacer.pass(value, countWhole(value));
    return passed instanceof Promise
      ? passed.then((late: unknown) => finish(late, isList, stop))
      : finish(value, isList, stop);
  });
}

/** Counts the objects that are completed as soon as the value is. Those of a long list come one by one. */
function countWhole(value: unknown): number {
  return Array.isArray(value) && value.length <= MAX_WHOLE_LIST ? 1 + value.length : 1;
}

/** Ends what belongs to a request that ended while the value waited for its turn. */
function finish(value: unknown, isList: boolean, stop: ExecutionStop): unknown {
  if (stop.isOver()) return createNever(stop);
  return isList ? countList(value, stop) : value;
}

/** Counts what a list gave, and lets the items of a long one pass in their turns. */
function countList(value: unknown, stop: ExecutionStop): unknown {
  if (!Array.isArray(value)) return value;
  stop.countObjects(value.length);
  if (stop.isOver()) return createNever(stop);
  const { pacer } = stop;
  if (pacer === null || value.length <= MAX_WHOLE_LIST) return value;
  return value.map((item: unknown) => pacer.pass(item, 1));
}

/** graphql-js completes a list without a pause. That many objects take a millisecond or two. */
const MAX_WHOLE_LIST = 64;

/**
 * Creates the value of a field that nobody waits for any more, a promise that never ends. A promise of its own: one for
 * all would keep all that waits for it.
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
