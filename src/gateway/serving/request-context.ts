import { hideWarnings } from "../../feed/hide-warnings.js";
import { createLoaders, type Loaders } from "../../loaders/loaders.js";
import { failReads } from "../../loaders/batches/wrap-reads.js";
import type { GraphContext, HostAdmin } from "../../graph/context.js";
import { HttpError } from "../../server/errors.js";
import type { KnownViewer } from "../../server/identity/identity.js";
import type { ServedRequest } from "../../server/options.js";
import type { Readers, ReadSnapshot } from "../../store/types.js";
import type { Backend } from "../backend.js";

/** Creates the context of a viewer's request. */
export type CreateContext = (viewer: KnownViewer, request: ServedRequest) => GraphContext;

/** Creates the context of a request. Throws while there is no backend. */
export function createRequestContext(
  backend: Backend | null,
  viewer: KnownViewer,
  request: ServedRequest,
): GraphContext {
  const { store, polling, live } = backend ?? throwNotReady();
  const findLoaders = createLoadersOnce(store, viewer, request);
  return {
    get loaders() {
      return findLoaders();
    },
    viewer,
    followGuests:
      live &&
      ((question) =>
        live.guests.follow(
          { ...question, scope: viewer.scope, viewer: viewer.name },
          request.signal,
          request,
        )),
    followHosts:
      live &&
      ((hostIds) => {
        const events = live.hosts.follow(hostIds, request.signal, request.onCurrent);
        return viewer.scope === null ? events : hideWarnings(events);
      }),
    hostAdmin: polling === null ? null : limitToRequest(polling.admin, request.signal),
  };
}

/**
 * Creates the loaders of a request when they are first needed. The context of a subscription itself reads nothing,
 * lasts long, and there may be ten thousand of them; each event is answered in a context of its own.
 */
function createLoadersOnce(store: Readers, viewer: KnownViewer, request: ServedRequest): () => Loaders {
  let loaders: Loaders | null = null;
  let isOver = false;
  let close = (): Promise<void> => Promise.resolve();
  request.onEnd(() => {
    isOver = true;
    return close();
  });
  return () => {
    if (loaders !== null) return loaders;
    const snapshot = openRequestSnapshot(store, viewer, request);
    close = snapshot.close;
    // After the request has ended, the snapshot is closed at once: it then refuses each read and says why.
    if (isOver) void close();
    const { readFailure } = request;
    const reads = readFailure === undefined ? snapshot.reads : failReads(snapshot.reads, readFailure.failure);
    loaders = createLoaders(reads, {
      throwIfExpired: request.check,
      onForget: snapshot.renew,
      ...(request.whenIdle === undefined ? {} : { whenIdle: request.whenIdle }),
    });
    return loaders;
  };
}

/** Limits a mutation's wait for a host to its request. After that the pass continues, but nobody waits for it. */
function limitToRequest(admin: HostAdmin, signal: AbortSignal): HostAdmin {
  return { ...admin, refreshHost: (hostId) => admin.refreshHost(hostId, signal) };
}

/**
 * Opens the snapshot that a request reads, so that its answer shows one state of the database. The request gives the
 * connection back when its work has ended; if the work hangs, at its deadline or when its client has gone.
 */
function openRequestSnapshot(
  store: Readers,
  { scope }: KnownViewer,
  { signal }: ServedRequest,
): ReadSnapshot {
  const snapshot = store.openSnapshot(scope);
  const close = () => void snapshot.close();
  if (signal.aborted) close();
  else signal.addEventListener("abort", close, { once: true });
  return snapshot;
}

function throwNotReady(): never {
  const message = "the database does not answer yet; ask again in a few seconds";
  throw new HttpError(503, "NOT_AVAILABLE", message);
}
