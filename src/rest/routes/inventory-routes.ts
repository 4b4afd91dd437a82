import { formatHost, formatNamed, type NamedCollection } from "../elements/elements.js";
import { parseFollow } from "../request/follow.js";
import { parseListRequest } from "../request/list-request.js";
import { findHost, findNamed } from "../resources.js";
import { listHosts, listNamed } from "../small-lists.js";
import { createEmptyLists } from "./empty-lists.js";
import { LIST_PARAMETERS, readIds, type Route } from "./route.js";

/** The routes of what VMs and vNICs link to: hosts, clusters, templates, networks. */
export const INVENTORY_ROUTES: readonly Route[] = [
  {
    path: "/hosts",
    isLong: true,
    parameters: LIST_PARAMETERS,
    answer: async (request, work) => {
      parseFollow(request, "host");
      const asked = parseListRequest(request, "host");
      return work(
        async (loaders) => ({
          root: "hosts",
          element: { host: (await listHosts(loaders, asked)).map((host) => formatHost(host)) },
        }),
        true,
      );
    },
  },
  {
    path: "/hosts/:hostId",
    parameters: ["follow"],
    answer: async (request, work) => {
      parseFollow(request, "host");
      const { hostId } = readIds(request);
      return work(async (loaders) => ({
        root: "host",
        element: formatHost(await findHost(loaders, hostId)),
      }));
    },
  },
  ...createEmptyLists("/hosts/:hostId", (loaders, { hostId }) => findHost(loaders, hostId)),
  ...(
    [
      { collection: "clusters", item: "cluster" },
      { collection: "templates", item: "template" },
      { collection: "networks", item: "network" },
    ] as const
  ).flatMap(({ collection, item }) => createNamedRoutes(collection, item)),
  // Nothing is known of these. Clients that list them expect a list.
  ...(
    [
      { path: "/tags", root: "tags", item: "tag" },
      { path: "/affinitylabels", root: "affinity_labels", item: "affinity_label" },
    ] as const
  ).map(({ path, root, item }): Route => ({
    path,
    parameters: LIST_PARAMETERS,
    answer: (request) => {
      parseFollow(request, "nothing");
      return Promise.resolve({ root, element: { [item]: [] } });
    },
  })),
  {
    path: "/clusters/:namedId/affinitygroups",
    parameters: ["max", "follow"],
    answer: async (request, work) => {
      parseFollow(request, "nothing");
      const { namedId } = readIds(request);
      await work((loaders) => findNamed(loaders, "clusters", namedId));
      return { root: "affinity_groups", element: { affinity_group: [] } };
    },
  },
];

function createNamedRoutes(collection: NamedCollection, item: "cluster" | "template" | "network"): Route[] {
  return [
    {
      path: `/${collection}`,
      isLong: true,
      parameters: LIST_PARAMETERS,
      answer: async (request, work) => {
        parseFollow(request, item);
        const asked = parseListRequest(request, item);
        return work(async (loaders) => {
          const rows = await listNamed(loaders, collection, asked);
          return { root: collection, element: { [item]: rows.map((row) => formatNamed(collection, row)) } };
        }, true);
      },
    },
    {
      path: `/${collection}/:namedId`,
      parameters: ["follow"],
      answer: async (request, work) => {
        parseFollow(request, item);
        const { namedId } = readIds(request);
        return work(async (loaders) => ({
          root: item,
          element: formatNamed(collection, await findNamed(loaders, collection, namedId)),
        }));
      },
    },
  ];
}
