import { GraphQLError, type GraphQLSchema, getNamedType, isCompositeType, isObjectType } from "graphql";
import type { GraphQLFieldResolver } from "graphql";

/** A request's time: the signal tells waiting work to stop, `check` stops work that never waits. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Throws once the time is up or the client has gone. */
  readonly check: () => void;
  /** Resolves to the reason when the request is over before its work is. */
  readonly expired: Promise<GraphQLError>;
  /** Ends it: timers are cleared. */
  clear(): void;
  /** The client has gone: nobody waits for the answer. */
  abandon(): void;
}

/** Starts a request's deadline. */
export function startDeadline(deadlineMs: number): Deadline {
  const controller = new AbortController();
  const endsAt = performance.now() + deadlineMs;
  let expire: (error: GraphQLError) => void = () => undefined;
  const expired = new Promise<GraphQLError>((resolve) => (expire = resolve));
  const end = (error: GraphQLError): void => {
    controller.abort(error);
    expire(error);
  };
  const timer = setTimeout(() => {
    end(timedOut(deadlineMs));
  }, deadlineMs);
  return {
    signal: controller.signal,
    expired,
    check() {
      controller.signal.throwIfAborted();
      // The timer cannot fire while execution keeps the event loop to itself; the clock goes on.
      if (performance.now() > endsAt) throw timedOut(deadlineMs);
    },
    clear() {
      clearTimeout(timer);
    },
    abandon() {
      clearTimeout(timer);
      end(
        new GraphQLError("The client has gone.", {
          extensions: { code: "CLIENT_GONE", http: { status: 499 } },
        }),
      );
    },
  };
}

/** Finds the deadline of the request that a context value belongs to. */
export type DeadlineOf = (context: unknown) => Deadline | undefined;

const guarded = new WeakSet<GraphQLSchema>();

/**
 * Makes execution itself stop: every resolver that gives objects asks first whether there is time left. graphql-js 16
 * cannot be aborted. Scalars are not asked, they come with their object.
 */
export function stopAtDeadline(schema: GraphQLSchema, deadlineOf: DeadlineOf): void {
  if (guarded.has(schema)) return;
  guarded.add(schema);
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith("__")) continue;
    for (const field of Object.values(type.getFields())) {
      if (isCompositeType(getNamedType(field.type))) field.resolve = guardedBy(deadlineOf, field.resolve);
    }
  }
}

type Resolver = GraphQLFieldResolver<unknown, unknown>;

function guardedBy(deadlineOf: DeadlineOf, resolve: Resolver = propertyOf): Resolver {
  return (source, args, context, info) => {
    deadlineOf(context)?.check();
    return resolve(source, args, context, info);
  };
}

/** What graphql-js does for fields without a resolver. */
const propertyOf: Resolver = (source, args, context, info) => {
  if (typeof source !== "object" || source === null) return undefined;
  const property: unknown = Reflect.get(source, info.fieldName);
  return typeof property === "function" ? (property.call(source, args, context, info) as unknown) : property;
};

function timedOut(deadlineMs: number): GraphQLError {
  return new GraphQLError(
    `The request took longer than ${deadlineMs} ms and was stopped. Ask for less at once.`,
    {
      extensions: { code: "DEADLINE_EXCEEDED", http: { status: 504 } },
    },
  );
}
