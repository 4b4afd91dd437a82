import { CloseCode, createClient, type FormattedExecutionResult, type SubscribePayload } from "graphql-ws";
import { readToken } from "../identity/session.js";
import { readLiveState, type FollowerState, type LiveState } from "./live-state.js";

/** The page's one WebSocket, over which every view follows its changes. */
export interface LiveConnection {
  /** Subscribes; `onCurrent` is called when the server has told all that there is, and tells what changes from then on. */
  readonly subscribe: <Data>(payload: SubscribePayload, onCurrent: () => void) => Subscription<Data>;
  /** Counts somebody who follows changes, until it leaves. */
  readonly enter: () => LiveFollower;
  readonly readState: () => LiveState;
  /** Calls back at each new state. */
  readonly watch: (listener: () => void) => () => void;
}

/** What a subscription tells, until it ends or is ended. */
export interface Subscription<Data> {
  readonly events: AsyncIterable<FormattedExecutionResult<Data, unknown>>;
  readonly end: () => void;
}

/** Somebody who follows changes, and says how that goes. */
export interface LiveFollower {
  readonly setState: (state: FollowerState) => void;
  readonly leave: () => void;
}

/** Creates a connection that opens when it is first needed. Who follows changes tries again, each with its own cursor. */
function createLiveConnection(): LiveConnection {
  const listeners = new Set<() => void>();
  const followers = new Map<object, FollowerState>();
  /** What waits until the server has told all that there is, by the id of its subscription. */
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
    // Another view opens while the last one closes: the connection stays.
    lazyCloseTimeout: 2_000,
    keepAlive: 20_000,
    connectionAckWaitTimeout: 10_000,
    connectionParams: () => {
      const token = readToken();
      return token === null ? {} : { authorization: `Bearer ${token}` };
    },
    generateID: (payload) => ids.get(payload) ?? "",
    // Each follower hears of a failure itself.
    onNonLazyError: () => undefined,
    on: {
      ping: (isReceived, payload) => {
        const id = payload?.["current"];
        if (isReceived && typeof id === "string") waiting.get(id)?.();
      },
      connected: () => {
        isOpen = true;
        update();
      },
      closed: () => {
        isOpen = followers.size > 0 ? false : null;
        update();
      },
    },
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
