import { GraphQLError } from "graphql";

/** The time limit of a request. `signal` stops work that waits; `check` stops work that never waits. */
export interface Deadline {
  /** Aborted when the request is over. It is created at its first use, since most requests end without one. */
  readonly signal: AbortSignal;
  /** Throws once the time is up or the client has gone. */
  readonly check: () => void;
  /** Tells whether the request ended before its work did: by time, by its client, or by an error. */
  isOver(): boolean;
  /** Settles as the work does, or rejects as soon as the request is over. */
  race<Result>(work: Promise<Result>): Promise<Result>;
  /**
   * Calls the listener once, when the request ends before its work does; at once if it already has. Returns the
   * function that removes the listener.
   */
  onEnd(listener: (reason: GraphQLError) => void): () => void;
  /** The time that is left, never below 0; `Infinity` where there is no limit. */
  getLeftMs(): number;
  /** Stops the timer: from now on the deadline does not expire. */
  clear(): void;
  /** Ends the request because its client has gone. */
  abandon(): void;
  /** Ends the request with an error, which becomes its answer. */
  end(error: GraphQLError): void;
}

/** Starts a request's deadline; `Infinity` is for connections that stay open. */
export function startDeadline(deadlineMs: number): Deadline {
  return new RunningDeadline(deadlineMs);
}

class RunningDeadline implements Deadline {
  private readonly endsAt: number;
  private readonly timer: NodeJS.Timeout | undefined;
  private reason: GraphQLError | null = null;
  private controller: AbortController | null = null;
  private readonly listeners = new Set<(reason: GraphQLError) => void>();

  constructor(private readonly deadlineMs: number) {
    this.endsAt = performance.now() + deadlineMs;
    this.timer = Number.isFinite(deadlineMs)
      ? setTimeout(() => {
          this.end(createDeadlineError(deadlineMs));
        }, deadlineMs)
      : undefined;
  }

  get signal(): AbortSignal {
    if (this.controller === null) {
      this.controller = new AbortController();
      if (this.reason !== null) this.controller.abort(this.reason);
    }
    return this.controller.signal;
  }

  readonly check = (): void => {
    // While execution keeps the event loop busy, the timer cannot fire; so the clock is read.
    if (performance.now() > this.endsAt) this.end(createDeadlineError(this.deadlineMs));
    if (this.reason !== null) throw this.reason;
  };

  isOver(): boolean {
    return this.reason !== null;
  }

  race<Result>(work: Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const stopListening = this.onEnd(reject);
      work.then(resolve, reject);
      work.then(stopListening, stopListening);
    });
  }

  onEnd(listener: (reason: GraphQLError) => void): () => void {
    if (this.reason !== null) listener(this.reason);
    else this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  getLeftMs(): number {
    return Math.max(0, this.endsAt - performance.now());
  }

  clear(): void {
    clearTimeout(this.timer);
  }

  abandon(): void {
    this.end(
      new GraphQLError("The client has gone.", {
        extensions: { code: "CLIENT_GONE", http: { status: 499 } },
      }),
    );
  }

  end(error: GraphQLError): void {
    this.clear();
    if (this.reason !== null) return;
    this.reason = error;
    this.controller?.abort(error);
    const listeners = [...this.listeners];
    this.listeners.clear();
    for (const listener of listeners) listener(error);
  }
}

function createDeadlineError(deadlineMs: number): GraphQLError {
  return new GraphQLError(
    `The request took longer than ${deadlineMs} ms and was stopped. Ask for less at once.`,
    { extensions: { code: "DEADLINE_EXCEEDED", http: { status: 504 } } },
  );
}
