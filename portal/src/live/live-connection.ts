import { CloseCode, createClient, type Client } from "graphql-ws";
import { readToken } from "../identity/session.js";
import { readLiveState, type FollowerState, type LiveState } from "./live-state.js";

/** The page's one WebSocket, over which every view follows its changes. */
export interface LiveConnection {
  readonly socket: Client;
  /** Counts somebody who follows changes, until it leaves. */
  readonly enter: () => LiveFollower;
  readonly readState: () => LiveState;
  /** Whether the server has let it in. */
  readonly isOpen: () => boolean;
  /** Calls back at each new state. */
  readonly watch: (listener: () => void) => () => void;
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
    // Each follower hears of a failure itself.
    onNonLazyError: () => undefined,
    on: {
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
    socket,
    readState: () => state,
    isOpen: () => isOpen === true,
    enter: () => {
      const key = {};
      followers.set(key, "well");
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
