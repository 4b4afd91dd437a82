import { stringifyDocument, type TypedDocumentNode } from "@urql/core";
import { decide } from "./decide.js";
import type { LiveConnection } from "./live-connection.js";
import { pauseAfterFailures } from "./pause.js";

/** What is subscribed to, and how its events are read. */
export interface Subject<Data, Event> {
  readonly document: TypedDocumentNode<Data, never>;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly readEvent: (data: Data) => Event | null;
  /** Where to go on behind an event; `null`: such events have no cursor. */
  readonly readCursor: (event: Event) => string | null;
}

/** A subject, and where it begins. */
export interface Following<Data, Event> extends Subject<Data, Event> {
  /** Behind the cursor of an answer; `now`: with the next change; `null`: with the state. */
  readonly after: string | null;
}

/** What somebody who follows a subject is told. */
export interface EventListener<Event> {
  readonly onEvent: (event: Event) => void;
  /** What was read before this may be older than what is told from here on. */
  readonly onReset: () => void;
  /** The server does not go on behind the answer's cursor: another answer has to be read. No more is told. */
  readonly onLost: () => void;
  /** The server does not let these credentials in any more. */
  readonly onRefused: () => void;
}

/**
 * Follows a subject until it is stopped:
 * 1. the state first, or what comes behind an answer or from now on, and then each change;
 * 2. where the connection is lost it is tried again, sooner at first and later then, and goes on behind the last cursor;
 *    pages that lost their server together do not come back together;
 * 3. where that cursor is not good any more, or there is none, it begins anew with the state, and says so before what is told
 *    then; what began behind an answer is lost, so that the answer is read again;
 * 4. where waiting cannot help it is given up.
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
  // Nothing tells what changed between an answer and now.
  let mustReset = after === NOW;
  let wasWell = false;
  // May become true while something is waited for, which the compiler cannot see.
  const isStopped = (): boolean => signal.aborted;
  const noteWell = (): void => {
    [failures, wasWell] = [0, true];
    follower.setState("well");
    // What was told stays until the state is told anew: an old state is better than none.
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
      // What was never well is refused for something else than its cursor.
      const decision = decide(error, { hasCursor: cursor !== null && wasWell });
      if (decision === "refused") listener.onRefused();
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

/** Names the end of the log, where an answer has no cursor. */
export const NOW = "now";

const BACKOFF = { firstMs: 500, longestMs: 15_000 };
