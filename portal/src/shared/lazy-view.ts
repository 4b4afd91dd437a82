import { lazy, type ComponentType, type LazyExoticComponent } from "react";
import { pauseAfterFailures } from "../live/pause.js";
import { reloadIfOutdated } from "./outdated.js";

type Load<Props> = () => Promise<ComponentType<Props>>;

const loads: (() => Promise<unknown>)[] = [];

/**
 * Creates a view whose code is loaded when the view is first shown, or by {@link preloadViews}. If the server is away,
 * loading is tried again until it succeeds. If the server has another build, the page is loaded again.
 */
export function createLazyView<Props>(load: Load<Props>): LazyExoticComponent<ComponentType<Props>> {
  loads.push(load);
  return lazy(async () => ({ default: await loadUntilItWorks(load) }));
}

/** Loads the code of all views when the browser is idle, so that they open even while the server is away. */
export function preloadViews(): void {
  const loadAll = (): void => {
    // A view whose code cannot be loaded now is loaded when it is shown.
    for (const load of loads) load().catch(() => undefined);
  };
  if ("requestIdleCallback" in window) requestIdleCallback(loadAll, { timeout: LONGEST_IDLE_MS });
  else setTimeout(loadAll, LONGEST_IDLE_MS);
}

async function loadUntilItWorks<Props>(load: Load<Props>): Promise<ComponentType<Props>> {
  const never = new AbortController().signal;
  for (let failures = 0; ; failures += 1) {
    try {
      return await load();
    } catch {
      await reloadIfOutdated();
      await pauseAfterFailures(failures, BACKOFF, never);
    }
  }
}

const BACKOFF = { firstMs: 500, longestMs: 5_000 };
const LONGEST_IDLE_MS = 5_000;
