/** The orders in which the list of VMs can be shown. */
export type Sort = "NAME_ASC" | "NAME_DESC";

/** What the page shows. It is kept in the address, so that a link shows the same to somebody else. */
export type Route =
  | { readonly view: "vms"; readonly search: string; readonly sort: Sort }
  | { readonly view: "vm"; readonly id: string }
  | { readonly view: "hosts" };

/** Reads the search part of an address; whatever is not understood leads to the list of VMs. */
export function parseRoute(search: string): Route {
  const parameters = new URLSearchParams(search);
  const view = parameters.get("view");
  const id = parameters.get("id");
  if (view === "vm" && id !== null) return { view, id };
  if (view === "hosts") return { view };
  return {
    view: "vms",
    search: parameters.get("q") ?? "",
    sort: parameters.get("sort") === "NAME_DESC" ? "NAME_DESC" : "NAME_ASC",
  };
}

/** Writes the address of a route, relative to the page, so that it works below any prefix. */
export function formatRoute(route: Route): string {
  const parameters = new URLSearchParams();
  switch (route.view) {
    case "vm":
      parameters.set("view", "vm");
      parameters.set("id", route.id);
      break;
    case "hosts":
      parameters.set("view", "hosts");
      break;
    case "vms":
      if (route.search !== "") parameters.set("q", route.search);
      if (route.sort !== "NAME_ASC") parameters.set("sort", route.sort);
  }
  const text = parameters.toString();
  return text === "" ? "./" : `./?${text}`;
}
