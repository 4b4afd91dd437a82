import { CloseCode, createClient, type FormattedExecutionResult, type SubscribePayload } from "graphql-ws";
import { readToken } from "../identity/session.js";
import { readLiveState, type FollowerState, type LiveState } from "./live-state.js";
import { createAnswerWatch } from "./silence.js";

/** The page's only WebSocket. All views follow their changes over it. */
export interface LiveConnection {
  /** Subscribes. `onCurrent` is called when the server has sent all that there was, and only sends changes from then on. */
  readonly subscribe: <Data>(payload: SubscribePayload, onCurrent: () => void) => Subscription<Data>;
  /** Counts a follower of changes, until it leaves. */
  readonly enter: () => LiveFollower;
  readonly readState: () => LiveState;
  /** Calls back at each new state. */
  readonly watch: (listener: () => void) => () => void;
}

/** A subscription: its events, and the function that ends it. */
export interface Subscription<Data> {
  readonly events: AsyncIterable<FormattedExecutionResult<Data, unknown>>;
  readonly end: () => void;
}

/** A follower of changes, which reports its state. */
export interface LiveFollower {
  readonly setState: (state: FollowerState) => void;
  readonly leave: () => void;
}

/** Creates a connection that opens when it is first needed. Followers try again themselves, each with its own cursor. */
function createLiveConnection(): LiveConnection {
  const listeners = new Set<() => void>();
  const followers = new Map<object, FollowerState>();
  /** Functions to call when the server has sent all that there was, by the id of the subscription. */
  const waiting = new Map<string, () => void>();
  const ids = new WeakMap<SubscribePayload, string>();
  let subscriptions = 0;
  let isOpen: boolean | null = null;
  let state: LiveState = "idle";
  const update = (): void => {
    const next = readLiveState(isOpen, [...followers.values()]);
    if (next === state) return;
    state = next;
    for (const listener of listeners) listener();
  };
  const url = new URL("./graphql", document.baseURI);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const socket = createClient({
    url: url.href,
    retryAttempts: 0,
    // The connection stays open for a moment, since another view opens while the last one closes.
    lazyCloseTimeout: 2_000,
    keepAlive: 10_000,
    connectionParams: () => {
      const token = readToken();
      return token === null ? {} : { authorization: `Bearer ${token}` };
    },
    generateID: (payload) => ids.get(payload) ?? "",
    // Each follower gets the failure itself.
    onNonLazyError: () => undefined,
    on: {
      connecting: () => {
        answer.expect();
      },
      ping: (isReceived, payload) => {
        const id = payload?.["current"];
        if (!isReceived) answer.expect();
        else if (typeof id === "string") waiting.get(id)?.();
      },
      pong: (isReceived) => {
        if (isReceived) answer.settle();
      },
      connected: () => {
        answer.settle();
        isOpen = true;
        update();
      },
      closed: () => {
        answer.settle();
        isOpen = followers.size > 0 ? false : null;
        update();
      },
    },
  });
  const answer = createAnswerWatch(() => {
    socket.terminate();
  });
  return {
    subscribe: <Data>(payload: SubscribePayload, onCurrent: () => void) => {
      subscriptions += 1;
      const id = String(subscriptions);
      ids.set(payload, id);
      waiting.set(id, onCurrent);
      const events = socket.iterate<Data>(payload);
      return {
        events,
        end: () => {
          waiting.delete(id);
          void events.return?.();
        },
      };
    },
    readState: () => state,
    enter: () => {
      const key = {};
      followers.set(key, "opening");
      update();
      return {
        setState: (next) => {
          if (followers.has(key)) followers.set(key, next);
          update();
        },
        leave: () => {
          followers.delete(key);
          update();
        },
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

/** Tells whether the server closed a connection because it refused the credentials. */
export function isRefusal(code: number | null): boolean {
  return code === CloseCode.Unauthorized || code === CloseCode.Forbidden;
}

const connections = new Map<string | null, LiveConnection>();

/** Finds the connection of a token. A connection has the credentials of its first message, so each token has its own. */
export function findLiveConnection(token: string | null): LiveConnection {
  const known = connections.get(token);
  if (known !== undefined) return known;
  const connection = createLiveConnection();
  connections.set(token, connection);
  return connection;
}
