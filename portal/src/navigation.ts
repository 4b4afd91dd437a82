import { useSyncExternalStore } from "react";
import { formatRoute, parseRoute, type Route } from "./route.js";

type ListRoute = Extract<Route, { view: "vms" }>;

const listeners = new Set<() => void>();
let shown = readRoute();
let lastList: ListRoute = { view: "vms", search: "", sort: "NAME_ASC" };
let hasArrived = false;
noteList();

addEventListener("popstate", show);

/**
 * Shows another route. `replace` keeps the browser's history short while somebody types. The route that is shown already
 * makes no entry there, as a link to the page itself makes none.
 */
export function navigate(route: Route, { replace = false } = {}): void {
  const address = formatRoute(route);
  const isSame = new URL(address, document.baseURI).href === location.href;
  if (replace || isSame) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  show();
}

/** Returns the route of the page's address, and follows its changes. */
export function useRoute(): Route {
  const search = useSyncExternalStore(subscribe, () => location.search);
  return parseRoute(search);
}

/** Reads the route of the list of VMs that was shown last. */
export function readLastList(): ListRoute {
  return lastList;
}

/**
 * Tells whether the view has changed since the last call, so that its title gets the focus. The first view of a page
 * does not count.
 */
export function takeArrival(): boolean {
  const taken = hasArrived;
  hasArrived = false;
  return taken;
}

function show(): void {
  const next = readRoute();
  if (nameSubject(next) !== nameSubject(shown)) hasArrived = true;
  shown = next;
  noteList();
  for (const listener of listeners) listener();
}

function noteList(): void {
  if (shown.view === "vms") lastList = shown;
}

function readRoute(): Route {
  return parseRoute(location.search);
}

/** Formats the subject of a view, without its settings such as order. */
function nameSubject(route: Route): string {
  switch (route.view) {
    case "vm":
      return `vm ${route.id}`;
    case "address":
      return `address ${route.of}`;
    case "topology":
      return `topology ${route.network ?? ""}`;
    default:
      return route.view;
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
