import type { Limits } from "../../model/limits.js";
import { createOverloadedError } from "../admission/places/places.js";
import { HttpError } from "../errors.js";
import { formatRights, type Credentials, type KnownViewer } from "../identity/identity.js";
import { createViewerCounts } from "../identity/viewer-counts.js";
import type { ServerOptions } from "../options.js";
import type { LiveTransport } from "./live-meter.js";

/** Why the server ends a connection of subscriptions. */
export type LiveEnd = "restart" | "expired" | "changed";

/** Who has a connection that carries subscriptions. */
export interface ConnectedCaller {
  readonly viewer: KnownViewer;
  /** Whose share of all connections it takes. */
  readonly ownerName: string;
}

/** The connections that carry subscriptions. */
export interface LiveConnections {
  /** How many there are. */
  readonly count: number;
  /**
   * Counts a connection of a viewer, or of an address where nobody is asked who they are. It calls `end` when the credentials
   * are no longer valid, when their rights have changed, or when the server stops. Returns the function that takes the
   * connection off the count. Throws an HttpError if its owner has too many, or all together have more than
   * {@link LIVE_SHARE} of all connections.
   */
  enter(
    transport: LiveTransport,
    caller: ConnectedCaller,
    credentials: Credentials,
    end: (why: LiveEnd) => void,
  ): () => void;
  /** Ends all connections because the server stops. Their clients connect to another replica. */
  endAll(): void;
}

/** Creates an empty set of connections. */
export function createLiveConnections(
  { identity, liveMeter }: Pick<ServerOptions, "identity" | "liveMeter">,
  limits: Pick<Limits, "viewerConnections" | "connections">,
): LiveConnections {
  const open = new Set<(why: LiveEnd) => void>();
  const most = Math.max(1, Math.floor(limits.connections * LIVE_SHARE));
  const counts = createViewerCounts(limits.viewerConnections, createTooManyError);
  let isStopped = false;

  return {
    get count() {
      return open.size;
    },
    enter(transport, { viewer, ownerName }, credentials, end) {
      if (isStopped) throw new HttpError(503, "NOT_AVAILABLE", "The server stops. Connect again.");
      if (open.size >= most) throw createOverloadedError();
      const forget = counts.enter({ name: ownerName });
      open.add(end);
      liveMeter?.onConnection(transport, 1);
      const known = formatRights(viewer);
      const watch = !identity.required
        ? undefined
        : setInterval(() => {
            identity.identify(credentials).then(
              (now) => {
                if (formatRights(now) !== known) end("changed");
              },
              (error: unknown) => {
                // If identity cannot be checked at the moment, the rights stay as they were.
                if (error instanceof HttpError && error.status === 401) end("expired");
              },
            );
          }, WATCH_MS);
      watch?.unref();
      return () => {
        if (!open.delete(end)) return;
        liveMeter?.onConnection(transport, -1);
        clearInterval(watch);
        forget();
      };
    },
    endAll() {
      isStopped = true;
      for (const end of [...open]) end("restart");
    },
  };
}

function createTooManyError(allowed: number): HttpError {
  return new HttpError(
    429,
    "TOO_MANY_CONNECTIONS",
    `You have ${allowed} connections with subscriptions open; close some, or put several subscriptions into one WebSocket.`,
  );
}

/** The share of all connections that may carry subscriptions. They stay open for days; the others are left for requests. */
export const LIVE_SHARE = 3 / 4;

/** Time after which a withdrawn token or another scope takes effect at the latest. */
const WATCH_MS = 5_000;
