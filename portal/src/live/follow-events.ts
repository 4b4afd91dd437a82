import { stringifyDocument, type TypedDocumentNode } from "@urql/core";
import { decide } from "./decide.js";
import type { LiveConnection } from "./live-connection.js";
import { pauseAfterFailures } from "./pause.js";

/** What is subscribed to, and how its events are read. */
export interface Subject<Data, Event> {
  readonly document: TypedDocumentNode<Data, never>;
  readonly variables: Readonly<Record<string, unknown>>;
  /** `state`: it tells the state first, then each change. `now`: it tells the changes from now on. */
  readonly begins: "state" | "now";
  readonly readEvent: (data: Data) => Event | null;
  /** Where to go on behind an event; `null`: such events have no cursor. */
  readonly readCursor: (event: Event) => string | null;
}

/** What somebody who follows a subject is told. */
export interface EventListener<Event> {
  readonly onEvent: (event: Event) => void;
  /** What was read before this may be older than what is told from here on. */
  readonly onReset: () => void;
  /** The server does not let these credentials in any more. */
  readonly onRefused: () => void;
}

/**
 * Follows a subject until it is stopped:
 * 1. the state first, or from now on, and then each change;
 * 2. where the connection is lost it is tried again, sooner at first and later then, and goes on behind the last cursor;
 *    pages that lost their server together do not come back together;
 * 3. where that cursor is not good any more, or there is none, it begins anew, and says so before what is told then;
 * 4. where waiting cannot help it is given up.
 */
export function followEvents<Data, Event>(
  connection: LiveConnection,
  subject: Subject<Data, Event>,
  listener: EventListener<Event>,
): () => void {
  const stopped = new AbortController();
  void follow(connection, subject, listener, stopped.signal);
  return () => {
    stopped.abort();
  };
}

async function follow<Data, Event>(
  connection: LiveConnection,
  subject: Subject<Data, Event>,
  listener: EventListener<Event>,
  signal: AbortSignal,
): Promise<void> {
  const follower = connection.enter();
  signal.addEventListener("abort", follower.leave, { once: true });
  let cursor: string | null = null;
  let failures = 0;
  // What was told stays until the state is told anew: an old state is better than none.
  let mustReset = false;
  const reset = (): void => {
    if (mustReset) listener.onReset();
    mustReset = false;
  };
  while (!signal.aborted) {
    const beginsNow = cursor === null && subject.begins === "now";
    mustReset ||= beginsNow;
    // An open subscription says nothing until something changes.
    let settled = setTimeout(settle, SETTLED_MS);
    function settle(): void {
      // A server may be away so that connecting takes long.
      if (!connection.isOpen()) {
        settled = setTimeout(settle, SETTLED_MS);
        return;
      }
      failures = 0;
      follower.setState("well");
      reset();
    }
    const after = cursor ?? (beginsNow ? "now" : undefined);
    const events = connection.socket.iterate<Data>({
      query: stringifyDocument(subject.document),
      variables: after === undefined ? subject.variables : { ...subject.variables, after },
    });
    const end = (): void => void events.return?.();
    signal.addEventListener("abort", end, { once: true });
    try {
      for await (const { data, errors } of events) {
        if (errors !== undefined) throw new Error("the events ended with errors", { cause: errors });
        const event = data == null ? null : subject.readEvent(data);
        if (event === null) continue;
        failures = 0;
        follower.setState("well");
        cursor = subject.readCursor(event);
        if (!beginsNow) reset();
        listener.onEvent(event);
      }
      mustReset ||= cursor === null;
    } catch (error) {
      const decision = decide(error, { hasCursor: cursor !== null });
      if (decision === "refused") listener.onRefused();
      follower.setState(decision === "off" ? "off" : "failing");
      if (decision === "refused" || decision === "off") return;
      if (decision === "anew") {
        cursor = null;
        listener.onReset();
      } else {
        mustReset ||= cursor === null;
      }
    } finally {
      clearTimeout(settled);
      signal.removeEventListener("abort", end);
    }
    await pauseAfterFailures(failures, BACKOFF, signal);
    failures += 1;
  }
}

const BACKOFF = { firstMs: 500, longestMs: 15_000 };

/** A subscription that has not failed after this long is taken for one that works. */
const SETTLED_MS = 3_000;
