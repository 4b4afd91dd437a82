import type { Loaders } from "../../loaders/loaders.js";
import { parseFollow } from "../request/follow.js";
import { readIds, type Ids, type Route } from "./route.js";

/**
 * Creates the routes of lists below a VM or a host that are always empty, because nothing is known of their elements. The VM or
 * host itself must exist.
 */
export function createEmptyLists(
  parent: string,
  find: (loaders: Loaders, ids: Ids) => Promise<unknown>,
): Route[] {
  return EMPTY_LISTS.map(([path, root, item]) => ({
    path: `${parent}/${path}`,
    parameters: ["max", "follow"],
    answer: async (request, work) => {
      parseFollow(request, "nothing");
      const ids = readIds(request);
      await work((loaders) => find(loaders, ids));
      return { root, element: { [item]: [] } };
    },
  }));
}

const EMPTY_LISTS = [
  ["tags", "tags", "tag"],
  ["statistics", "statistics", "statistic"],
  ["affinitylabels", "affinity_labels", "affinity_label"],
] as const;
