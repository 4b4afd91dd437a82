import { stringifyDocument, type TypedDocumentNode } from "@urql/core";
import { decide } from "./decide.js";
import type { LiveConnection } from "./live-connection.js";
import { pauseAfterFailures } from "./pause.js";

/** A subscription, and how its events are read. */
export interface Subject<Data, Event> {
  readonly document: TypedDocumentNode<Data, never>;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly readEvent: (data: Data) => Event | null;
  /** Returns the cursor of an event; `null`: such events have none. */
  readonly readCursor: (event: Event) => string | null;
}

/** A subject, with the cursor at which it begins. */
export interface Following<Data, Event> extends Subject<Data, Event> {
  /** The cursor of an answer; `now`: it begins with the next change; `null`: it begins with the state. */
  readonly after: string | null;
}

/** Is called for what happens to a subject. */
export interface EventListener<Event> {
  readonly onEvent: (event: Event) => void;
  /** Called before events that may be newer than what was read before. */
  readonly onReset: () => void;
  /**
   * Called if the server cannot continue behind the answer's cursor, so that another answer must be read. Nothing is
   * called afterwards.
   */
  readonly onLost: () => void;
  /** Called when the server refuses the credentials. */
  readonly onRefused: () => void;
  /** Called when waiting cannot help. Nothing is called afterwards. */
  readonly onGivenUp: () => void;
}

/**
 * Follows a subject until it is stopped:
 * 1. It gets the state first, or begins behind an answer, or now. Then it gets each change.
 * 2. If the connection is lost, it tries again after a pause that grows and is random, so that pages which lost their
 *    server together do not come back together. It continues behind the last cursor.
 * 3. If that cursor is no longer valid, or there is none, it begins anew with the state, and calls `onReset` before the
 *    first event. If it began behind an answer, it calls `onLost` instead, so that the answer is read again.
 * 4. If waiting cannot help, it gives up.
 */
export function followEvents<Data, Event>(
  connection: LiveConnection,
  following: Following<Data, Event>,
  listener: EventListener<Event>,
): () => void {
  const stopped = new AbortController();
  void follow(connection, following, listener, stopped.signal);
  return () => {
    stopped.abort();
  };
}

async function follow<Data, Event>(
  connection: LiveConnection,
  { document, variables, readEvent, readCursor, after }: Following<Data, Event>,
  listener: EventListener<Event>,
  signal: AbortSignal,
): Promise<void> {
  const follower = connection.enter();
  signal.addEventListener("abort", follower.leave, { once: true });
  const query = stringifyDocument(document);
  let cursor = after === NOW ? null : after;
  let failures = 0;
  // Changes between an answer and now are not known.
  let mustReset = after === NOW;
  let wasWell = false;
  // May become true while something is waited for, which the compiler cannot see.
  const isStopped = (): boolean => signal.aborted;
  const noteWell = (): void => {
    [failures, wasWell] = [0, true];
    follower.setState("well");
    // The old state stays until a new one comes, because it is better than none.
    if (mustReset) listener.onReset();
    mustReset = false;
  };
  while (!signal.aborted) {
    const from = cursor ?? (after === NOW ? NOW : null);
    const subscription = connection.subscribe<Data>(
      { query, variables: from === null ? variables : { ...variables, after: from } },
      noteWell,
    );
    signal.addEventListener("abort", subscription.end, { once: true });
    try {
      for await (const { data, errors } of subscription.events) {
        if (errors !== undefined) throw new Error("the events ended with errors", { cause: errors });
        const event = data == null ? null : readEvent(data);
        if (event === null) continue;
        noteWell();
        cursor = readCursor(event);
        listener.onEvent(event);
      }
      mustReset ||= cursor === null;
    } catch (error) {
      // A subscription that never worked is not refused for its cursor.
      const decision = decide(error, { hasCursor: cursor !== null && wasWell });
      if (decision === "refused") listener.onRefused();
      if (decision === "off") listener.onGivenUp();
      follower.setState(decision === "off" ? "off" : "failing");
      if (decision === "refused" || decision === "off") return;
      if (decision === "anew" && after !== null) {
        await pauseAfterFailures(failures, BACKOFF, signal);
        if (!isStopped()) listener.onLost();
        return;
      }
      if (decision === "anew") {
        cursor = null;
        listener.onReset();
      } else {
        mustReset ||= cursor === null;
      }
    } finally {
      signal.removeEventListener("abort", subscription.end);
      subscription.end();
    }
    await pauseAfterFailures(failures, BACKOFF, signal);
    failures += 1;
  }
}

/** The cursor of the log's end, for an answer without a cursor. */
export const NOW = "now";

const BACKOFF = { firstMs: 500, longestMs: 15_000 };
