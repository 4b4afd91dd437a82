import { GraphQLError } from "graphql";

/** A request's time: `signal` tells waiting work to stop, `check` stops work that never waits. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Throws once the time is up or the client has gone. */
  readonly check: () => void;
  /** Resolves to the reason when the request is over before its work is. */
  readonly expired: Promise<GraphQLError>;
  /** The time that is left, never below 0; `Infinity` where there is no limit. */
  leftMs(): number;
  /** Ends it: the timer is cleared, and nothing expires any more. */
  clear(): void;
  /** The client has gone: nobody waits for the answer. */
  abandon(): void;
  /** Ends the work for another reason, which becomes the answer. */
  end(error: GraphQLError): void;
}

/** Starts a request's deadline; `Infinity` is for connections that stay open. */
export function startDeadline(deadlineMs: number): Deadline {
  const controller = new AbortController();
  const endsAt = performance.now() + deadlineMs;
  let resolveExpired: (error: GraphQLError) => void = () => undefined;
  const expired = new Promise<GraphQLError>((resolve) => (resolveExpired = resolve));
  const end = (error: GraphQLError): void => {
    clearTimeout(timer);
    if (controller.signal.aborted) return;
    controller.abort(error);
    resolveExpired(error);
  };
  const timer = Number.isFinite(deadlineMs)
    ? setTimeout(() => {
        end(createDeadlineError(deadlineMs));
      }, deadlineMs)
    : undefined;
  return {
    signal: controller.signal,
    expired,
    check() {
      // The timer cannot fire while execution keeps the event loop to itself; the clock goes on.
      if (performance.now() > endsAt) end(createDeadlineError(deadlineMs));
      controller.signal.throwIfAborted();
    },
    leftMs: () => Math.max(0, endsAt - performance.now()),
    clear() {
      clearTimeout(timer);
    },
    abandon() {
      end(
        new GraphQLError("The client has gone.", {
          extensions: { code: "CLIENT_GONE", http: { status: 499 } },
        }),
      );
    },
    end,
  };
}

function createDeadlineError(deadlineMs: number): GraphQLError {
  return new GraphQLError(
    `The request took longer than ${deadlineMs} ms and was stopped. Ask for less at once.`,
    { extensions: { code: "DEADLINE_EXCEEDED", http: { status: 504 } } },
  );
}
