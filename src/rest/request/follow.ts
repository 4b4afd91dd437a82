import type { FastifyRequest } from "fastify";
import { OvirtFaultError } from "../fault.js";
import { readParameter } from "./parameters.js";

/** The links that an answer replaces by their targets, and the links within those targets. */
export type FollowTree = ReadonlyMap<string, FollowTree>;

/** The kinds of elements that have links. */
export type LinkedKind = keyof typeof LINKS;

/**
 * Parses `follow`, such as `nics.reported_devices,host`. Throws a fault if an element of this kind does not have such a
 * link.
 */
export function parseFollow(request: FastifyRequest, kind: LinkedKind): FollowTree {
  const tree: MutableTree = new Map();
  const paths = (readParameter(request, "follow") ?? "").split(",").map((path) => path.trim());
  if (paths.length > MAX_PATHS) throw new OvirtFaultError(400, `follow: more than ${MAX_PATHS} links`);
  for (const path of paths.filter((each) => each !== "")) addPath(tree, path, kind);
  return tree;
}

/** Returns the links to follow from the target of a link; none if the link itself is not followed. */
export function followFrom(tree: FollowTree, link: string): FollowTree {
  return tree.get(link) ?? NOTHING;
}

type MutableTree = Map<string, MutableTree>;

const NOTHING: FollowTree = new Map();

const MAX_PATHS = 50;

function addPath(tree: MutableTree, path: string, kind: LinkedKind): void {
  let branch = tree;
  let from: LinkedKind | null = kind;
  for (const name of path.split(".")) {
    // Behind an unknown link, all links are unknown.
    const to: LinkedKind | null = from === null ? null : findTarget(name, path, from);
    const next: MutableTree = branch.get(name) ?? new Map<string, MutableTree>();
    branch.set(name, next);
    [branch, from] = [next, to];
  }
}

function findTarget(name: string, path: string, kind: LinkedKind): LinkedKind | null {
  const links: Readonly<Record<string, LinkedKind>> = LINKS[kind];
  const target = Object.hasOwn(links, name) ? links[name] : undefined;
  if (target !== undefined) return target;
  if (UNKNOWN_LINKS[kind].includes(name)) return null;
  const names = Object.keys(links);
  const may = names.length === 0 ? "nothing" : names.join(", ");
  throw new OvirtFaultError(400, `follow: ${path.slice(0, 100)} cannot be followed here; ${may} can`);
}

/** The links that can be followed, with the kind of element that each leads to. */
const LINKS = {
  vm: {
    nics: "nic",
    reported_devices: "device",
    host: "host",
    cluster: "cluster",
    template: "template",
    original_template: "template",
    tags: "nothing",
    statistics: "nothing",
    affinity_labels: "nothing",
  },
  nic: { reported_devices: "device", network: "network", statistics: "nothing" },
  host: {},
  cluster: {},
  template: {},
  network: {},
  device: {},
  nothing: {},
} as const satisfies Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Links that oVirt's elements have and ours do not. They are ignored, so that a client's usual list of links works. */
const UNKNOWN_LINKS: Readonly<Record<LinkedKind, readonly string[]>> = {
  vm: [
    "applications",
    "backups",
    "cdroms",
    "checkpoints",
    "cpu_profile",
    "disk_attachments",
    "external_host_providers",
    "graphics_consoles",
    "host_devices",
    "instance_type",
    "katello_errata",
    "large_icon",
    "mediated_devices",
    "numa_nodes",
    "permissions",
    "quota",
    "sessions",
    "small_icon",
    "snapshots",
    "storage_domain",
    "vm_pool",
    "watchdogs",
  ],
  nic: [
    "network_attachments",
    "network_filter_parameters",
    "network_labels",
    "template",
    "vm",
    "vnic_profile",
  ],
  host: [
    "affinity_labels",
    "cluster",
    "devices",
    "hooks",
    "network_attachments",
    "nics",
    "permissions",
    "statistics",
    "tags",
  ],
  cluster: [
    "affinity_groups",
    "cpu_profiles",
    "data_center",
    "enabled_features",
    "networks",
    "permissions",
    "scheduling_policy",
  ],
  template: ["cdroms", "cluster", "disk_attachments", "nics", "permissions", "tags", "watchdogs"],
  network: ["data_center", "network_labels", "permissions", "vnic_profiles"],
  device: [],
  nothing: [],
};
