import { createLoaders } from "../../loaders/loaders.js";
import { failReads } from "../../loaders/batches/wrap-reads.js";
import type { GraphContext, HostAdmin } from "../../graph/context.js";
import { HttpError } from "../../server/errors.js";
import type { KnownViewer } from "../../server/identity/identity.js";
import type { ServedRequest } from "../../server/options.js";
import type { Readers, ReadSnapshot } from "../../store/types.js";
import type { Backend } from "../backend.js";

/** Creates the context of a request of a viewer. */
export type CreateContext = (viewer: KnownViewer, request: ServedRequest) => GraphContext;

/** Creates the context in which a request is answered; throws while there is no backend. */
export function createRequestContext(
  backend: Backend | null,
  viewer: KnownViewer,
  request: ServedRequest,
): GraphContext {
  const { store, polling, live } = backend ?? throwNotReady();
  const snapshot = openRequestSnapshot(store, viewer, request);
  const { readFailure } = request;
  const reads = readFailure === undefined ? snapshot.reads : failReads(snapshot.reads, readFailure.failure);
  const loaders = createLoaders(reads, {
    throwIfExpired: request.check,
    onForget: snapshot.renew,
    ...(request.whenIdle === undefined ? {} : { whenIdle: request.whenIdle }),
  });
  return {
    loaders,
    viewer,
    followGuests:
      live &&
      ((question) =>
        live.guests.follow({ ...question, scope: viewer.scope }, request.signal, request.onSlow)),
    followHosts: live && ((hostIds) => live.hosts.follow(hostIds, request.signal)),
    hostAdmin: polling === null ? null : limitToRequest(polling.admin, request.signal),
  };
}

/** Limits a mutation's wait for a host to its request. The pass goes on, but nobody waits for it. */
function limitToRequest(admin: HostAdmin, signal: AbortSignal): HostAdmin {
  return { ...admin, refreshHost: (hostId) => admin.refreshHost(hostId, signal) };
}

/**
 * Opens the snapshot that a request reads, so that its answer shows one state. The request gives the connection back when
 * its work has ended, and, where the work hangs, at its deadline or when its client has gone.
 */
function openRequestSnapshot(store: Readers, { scope }: KnownViewer, request: ServedRequest): ReadSnapshot {
  const snapshot = store.openSnapshot(scope);
  request.onEnd(snapshot.close);
  request.signal.addEventListener("abort", () => void snapshot.close(), { once: true });
  return snapshot;
}

function throwNotReady(): never {
  const message = "the database does not answer yet; ask again in a few seconds";
  throw new HttpError(503, "NOT_AVAILABLE", message, { "retry-after": "5" });
}
