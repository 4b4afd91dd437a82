import type { Limits } from "../../../model/limits.js";
import { HttpError } from "../../errors.js";
import { createViewerCounts } from "../../identity/viewer-counts.js";
import { createOverloadedError, type Release } from "./places.js";

/** Long lists that are open: from the first look at the database until the last byte was sent, or the client has gone. */
export interface OpenLists {
  readonly count: number;
  /**
   * Counts a list of a viewer. Returns the function that forgets it. Throws at once where there are too many: 429 for the
   * viewer's own ones, 503 for all together. Nobody waits, since each list takes minutes, and each has memory of its own.
   */
  enter(viewer: { readonly name: string }): Release;
}

/** Creates an empty set of open lists. */
export function createOpenLists({ lists, viewerLists }: Pick<Limits, "lists" | "viewerLists">): OpenLists {
  const open = createViewerCounts(viewerLists, createTooManyListsError);
  return {
    get count() {
      return open.count;
    },
    enter(viewer) {
      const release = open.enter(viewer);
      if (open.count <= lists) return release;
      release();
      throw createOverloadedError();
    },
  };
}

function createTooManyListsError(allowed: number): HttpError {
  return new HttpError(
    429,
    "TOO_MANY_LISTS",
    `You have ${allowed} exports or lists of all VMs open (LIMITS=viewerLists=…); ask again when one of them has ended.`,
    { "retry-after": "1" },
  );
}
