import { stringifyDocument } from "@urql/core";
import type { FormattedExecutionResult } from "graphql-ws";
import type { ResultOf, VariablesOf } from "../api/graphql.js";
import { ChangesSubscription } from "../api/live-queries.js";
import { decide } from "./decide.js";
import type { LiveConnection } from "./live-connection.js";
import { pause } from "./pause.js";

/** One event, as the portal asks for it. */
export type ChangeEvent = NonNullable<ResultOf<typeof ChangesSubscription>["guestNetworkChanged"]>;

/** Which VMs are followed. */
export type ChangeFilter = NonNullable<VariablesOf<typeof ChangesSubscription>["filter"]>;

/** What somebody who follows changes is told. */
export interface ChangeListener {
  readonly onEvent: (event: ChangeEvent) => void;
  /** The events begin anew with the state: what is shown may be older than that. */
  readonly onReset: () => void;
  /** The server does not let these credentials in any more. */
  readonly onRefused: () => void;
}

/**
 * Follows the changes of some VMs until it is stopped:
 * 1. the state first, then each change;
 * 2. where the connection is lost it is tried again, sooner at first and later then, and goes on behind the last cursor;
 * 3. where that cursor is not good any more it begins with the state again, and says so;
 * 4. where waiting cannot help it is given up.
 */
export function followChanges(
  connection: LiveConnection,
  filter: ChangeFilter,
  listener: ChangeListener,
): () => void {
  const stopped = new AbortController();
  void follow(connection, filter, listener, stopped.signal);
  return () => {
    stopped.abort();
  };
}

const QUERY = stringifyDocument(ChangesSubscription);

async function follow(
  connection: LiveConnection,
  filter: ChangeFilter,
  listener: ChangeListener,
  signal: AbortSignal,
): Promise<void> {
  const follower = connection.enter();
  signal.addEventListener("abort", follower.leave, { once: true });
  let cursor: string | null = null;
  let failures = 0;
  while (!signal.aborted) {
    // An open subscription says nothing until something changes.
    const settled = setTimeout(() => {
      follower.setState("well");
    }, SETTLED_MS);
    const events = openEvents(connection, { filter, after: cursor });
    const end = (): void => void events.return?.();
    signal.addEventListener("abort", end, { once: true });
    try {
      for await (const { data, errors } of events) {
        if (errors !== undefined) throw new Error("the events ended with errors", { cause: errors });
        const event = data?.guestNetworkChanged ?? null;
        if (event === null) continue;
        failures = 0;
        follower.setState("well");
        cursor = event.cursor;
        listener.onEvent(event);
      }
    } catch (error) {
      const decision = decide(error, { hasCursor: cursor !== null });
      if (decision === "refused") listener.onRefused();
      follower.setState(decision === "off" ? "off" : "failing");
      if (decision === "refused" || decision === "off") return;
      if (decision === "anew") {
        cursor = null;
        listener.onReset();
      }
    } finally {
      clearTimeout(settled);
      signal.removeEventListener("abort", end);
    }
    await pause(Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures), signal);
    failures += 1;
  }
}

type Variables = VariablesOf<typeof ChangesSubscription>;
type Result = FormattedExecutionResult<ResultOf<typeof ChangesSubscription>, unknown>;

function openEvents({ socket }: LiveConnection, variables: Variables): AsyncIterableIterator<Result> {
  return socket.iterate<ResultOf<typeof ChangesSubscription>>({ query: QUERY, variables });
}

const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 15_000;

/** A subscription that has not failed after this long is taken for one that works. */
const SETTLED_MS = 3_000;
