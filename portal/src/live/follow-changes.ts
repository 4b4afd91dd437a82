import { stringifyDocument } from "@urql/core";
import type { FormattedExecutionResult } from "graphql-ws";
import type { ResultOf, VariablesOf } from "../api/graphql.js";
import { ChangesSubscription } from "../api/live-queries.js";
import { isRefusal, type LiveConnection } from "./live-connection.js";
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
 * 3. where that cursor is not good any more it begins with the state again, and says so.
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
  const leave = connection.enter();
  let cursor: string | null = null;
  let failures = 0;
  try {
    while (!signal.aborted) {
      try {
        const events = openEvents(connection, { filter, after: cursor });
        const end = (): void => void events.return?.();
        signal.addEventListener("abort", end, { once: true });
        for await (const { data, errors } of events) {
          if (errors !== undefined) throw new Error("the events ended with errors", { cause: errors });
          const event = data?.guestNetworkChanged ?? null;
          if (event === null) continue;
          failures = 0;
          cursor = event.cursor;
          listener.onEvent(event);
        }
        signal.removeEventListener("abort", end);
      } catch (error) {
        const decision = decide(error, cursor !== null);
        if (decision === "refused") listener.onRefused();
        if (decision === "off") connection.setState("off");
        if (decision === "refused" || decision === "off") return;
        if (decision === "anew") {
          cursor = null;
          listener.onReset();
        }
      }
      await pause(Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures), signal);
      failures += 1;
    }
  } finally {
    leave();
  }
}

type Variables = VariablesOf<typeof ChangesSubscription>;
type Result = FormattedExecutionResult<ResultOf<typeof ChangesSubscription>, unknown>;

function openEvents({ socket }: LiveConnection, variables: Variables): AsyncIterableIterator<Result> {
  return socket.iterate<ResultOf<typeof ChangesSubscription>>({ query: QUERY, variables });
}

/** What to do about a failure: try again, begin anew, ask who it is, or give up because this server tells no changes. */
function decide(error: unknown, wasLive: boolean): "again" | "anew" | "refused" | "off" {
  const closeCode = readMember(error, "code");
  if (typeof closeCode === "number") {
    if (isRefusal(closeCode)) return "refused";
    return closeCode === RIGHTS_CHANGED ? "anew" : "again";
  }
  const errors = error instanceof Error ? error.cause : error;
  const first: unknown = Array.isArray(errors) ? errors[0] : null;
  const code = readMember(readMember(first, "extensions"), "code");
  if (code === "CURSOR_LOST") return "anew";
  if (code === "NOT_AVAILABLE" && wasLive) return "again";
  return first === null ? "again" : "off";
}

function readMember(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

/** What the viewer may see is another now. */
const RIGHTS_CHANGED = 4_291;

const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 15_000;
