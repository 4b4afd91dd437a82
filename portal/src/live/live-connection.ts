import { CloseCode, createClient, type Client } from "graphql-ws";
import { readToken } from "../identity/session.js";

/** Whether changes reach this page: nobody asked for them, they do, the connection is lost, or this server tells none. */
export type LiveState = "idle" | "live" | "lost" | "off";

/** The page's one WebSocket, over which every view follows its changes. */
export interface LiveConnection {
  readonly socket: Client;
  /** Counts somebody who follows changes, until the returned function is called. */
  readonly enter: () => () => void;
  readonly setState: (state: LiveState) => void;
  readonly readState: () => LiveState;
  /** Calls back at each new state. */
  readonly watch: (listener: () => void) => () => void;
}

/** Creates a connection that opens when it is first needed. Who follows changes tries again, each with its own cursor. */
function createLiveConnection(): LiveConnection {
  const listeners = new Set<() => void>();
  let state: LiveState = "idle";
  let followers = 0;
  const setState = (next: LiveState): void => {
    if (next === state) return;
    state = next;
    for (const listener of listeners) listener();
  };
  const url = new URL("./graphql", document.baseURI);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const socket = createClient({
    url: url.href,
    retryAttempts: 0,
    // Another view opens while the last one closes: the connection stays.
    lazyCloseTimeout: 2_000,
    keepAlive: 20_000,
    connectionAckWaitTimeout: 10_000,
    connectionParams: () => {
      const token = readToken();
      return token === null ? {} : { authorization: `Bearer ${token}` };
    },
    // Each follower hears of a failure itself.
    onNonLazyError: () => undefined,
    on: {
      connected: () => {
        setState("live");
      },
      closed: () => {
        setState(followers > 0 ? "lost" : "idle");
      },
    },
  });
  return {
    socket,
    setState,
    readState: () => state,
    enter: () => {
      followers += 1;
      return () => {
        followers -= 1;
        if (followers === 0 && state === "lost") setState("idle");
      };
    },
    watch: (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}

/** Tells whether the server closed a connection because of who asks. */
export function isRefusal(code: number | null): boolean {
  return code === CloseCode.Unauthorized || code === CloseCode.Forbidden;
}

const connections = new Map<string | null, LiveConnection>();

/** The connection of a token: each one knows who asks from its first message on. */
export function findLiveConnection(token: string | null): LiveConnection {
  const known = connections.get(token);
  if (known !== undefined) return known;
  const connection = createLiveConnection();
  connections.set(token, connection);
  return connection;
}
