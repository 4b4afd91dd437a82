/** The keys by which the list of VMs can be sorted, as in the server's `VmOrder`. */
export const SORT_KEYS = ["NAME", "STATUS", "HOST", "PRIMARY_ADDRESS", "LAST_CHANGE"] as const;

/** The orders in which the list of VMs can be shown. */
export type Sort = `${(typeof SORT_KEYS)[number]}_${"ASC" | "DESC"}`;

/** The kinds of drift, as in the server's `DriftKind`. */
export const DRIFT_KINDS = [
  "NIC_NOT_SHOWN",
  "NIC_MAC_DIFFERS",
  "DEVICE_BRIDGE",
  "DEVICE_BOND",
  "DEVICE_VLAN",
  "DEVICE_CONTAINER",
  "DEVICE_VPN",
  "DEVICE_UNKNOWN",
] as const;

/** One kind of drift. */
export type DriftKind = (typeof DRIFT_KINDS)[number];

/** What the page shows. It is in the page's address, so that a link shows the same to somebody else. */
export type Route =
  | { readonly view: "vms"; readonly search: string; readonly sort: Sort }
  /** `at`: as the VM was then; `null`: as it is now. */
  | { readonly view: "vm"; readonly id: string; readonly at: string | null }
  /** The page of who had an address or a MAC, and when. */
  | { readonly view: "address"; readonly of: string }
  /** `null`: drift of every kind. */
  | { readonly view: "drift"; readonly kind: DriftKind | null }
  | { readonly view: "conflicts" }
  /** `null`: all networks. */
  | { readonly view: "topology"; readonly network: string | null }
  | { readonly view: "hosts" };

/** Parses the search part of the page's address. Whatever is not understood becomes the list of VMs. */
export function parseRoute(search: string): Route {
  const parameters = new URLSearchParams(search);
  const view = parameters.get("view");
  const id = parameters.get("id") ?? "";
  const of = parameters.get("of") ?? "";
  if (view === "vm" && id !== "") return { view, id, at: parseTime(parameters.get("at")) };
  if (view === "address" && of !== "") return { view, of };
  if (view === "drift")
    return { view, kind: DRIFT_KINDS.find((each) => each === parameters.get("kind")) ?? null };
  if (view === "topology") return { view, network: parameters.get("network") };
  if (view === "hosts" || view === "conflicts") return { view };
  return { view: "vms", search: parameters.get("q") ?? "", sort: parseSort(parameters.get("sort")) };
}

/** Formats the address of a route, relative to the page, so that it works below any prefix. */
export function formatRoute(route: Route): string {
  const parameters = new URLSearchParams();
  switch (route.view) {
    case "vm":
      parameters.set("view", "vm");
      parameters.set("id", route.id);
      if (route.at !== null) parameters.set("at", route.at);
      break;
    case "address":
      parameters.set("view", "address");
      parameters.set("of", route.of);
      break;
    case "drift":
      parameters.set("view", "drift");
      if (route.kind !== null) parameters.set("kind", route.kind);
      break;
    case "topology":
      parameters.set("view", "topology");
      if (route.network !== null) parameters.set("network", route.network);
      break;
    case "hosts":
    case "conflicts":
      parameters.set("view", route.view);
      break;
    case "vms":
      if (route.search !== "") parameters.set("q", route.search);
      if (route.sort !== "NAME_ASC") parameters.set("sort", route.sort);
  }
  const text = parameters.toString();
  return text === "" ? "./" : `./?${text}`;
}

function parseSort(text: string | null): Sort {
  const known = SORT_KEYS.flatMap((key) => [`${key}_ASC`, `${key}_DESC`] as const);
  return known.find((each) => each === text) ?? "NAME_ASC";
}

/** Parses a time; `null` for an invalid one: the VM is then shown as it is now. */
function parseTime(text: string | null): string | null {
  if (text === null) return null;
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? null : time.toISOString();
}
