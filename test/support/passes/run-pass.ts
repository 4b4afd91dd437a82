import type { HostLink } from "../../../src/refresher/host-link.js";
import { refreshHost, type PassResult } from "../../../src/refresher/pass.js";
import type { RefreshStore } from "../../../src/store/types.js";
import { IGNORED_NAMES } from "../builders/passes.js";

/** Runs one pass over a host. */
export function runPass(store: RefreshStore, link: HostLink): Promise<PassResult> {
  const deps = { store, ignoreNames: IGNORED_NAMES, now: () => 0, waitUntilReady: () => Promise.resolve() };
  return refreshHost(deps, link, new AbortController().signal);
}
