import type { ExecutionResult, GraphQLFormattedError } from "graphql";
import type { KnownViewer } from "../identity/identity.js";
import type { ServedRequest, ServerOptions } from "../options.js";

/** An answer of a subscription, as it is sent. */
export interface LiveAnswer {
  readonly data?: ExecutionResult["data"];
  readonly errors?: readonly GraphQLFormattedError[];
}

/** The viewer who subscribes. */
export interface LiveCaller {
  readonly requestId: string;
  readonly viewer: KnownViewer;
}

/** What the connection of a subscription is informed of, besides its answers. */
export type LiveNotices = Pick<ServedRequest, "onSlow" | "onCurrent">;

/** What a job knows of the request that it runs for. */
type LiveRequest = Pick<ServedRequest, "signal" | "check" | "whenIdle" | keyof LiveNotices>;

/** Runs a job with the caller's context, and gives back what the context holds after the job. */
export async function serve<Result>(
  { requestId, viewer }: LiveCaller,
  { signal, check, whenIdle, onSlow, onCurrent }: LiveRequest,
  options: ServerOptions,
  job: (context: object) => Promise<Result>,
): Promise<Result> {
  const listeners: (() => void)[] = [];
  const request = {
    id: requestId,
    signal,
    check,
    onEnd: (listener: () => void) => void listeners.push(listener),
    ...(whenIdle === undefined ? {} : { whenIdle }),
    ...(onSlow === undefined ? {} : { onSlow }),
    ...(onCurrent === undefined ? {} : { onCurrent }),
  };
  try {
    return await job(options.contextFor(viewer, request));
  } finally {
    for (const listener of listeners) listener();
  }
}
