import { useSyncExternalStore } from "react";
import { formatRoute, parseRoute, type Route } from "./route.js";

/** Shows another route. `replace` keeps the browser's history short while somebody types. */
export function navigate(route: Route, { replace = false } = {}): void {
  const address = formatRoute(route);
  if (replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  for (const listener of listeners) listener();
}

/** The route that the address names, followed as it changes. */
export function useRoute(): Route {
  const search = useSyncExternalStore(subscribe, () => location.search);
  return parseRoute(search);
}

const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    removeEventListener("popstate", listener);
  };
}
