import type { Limits } from "../../../model/limits.js";
import { HttpError } from "../../errors.js";
import { createViewerCounts } from "../../identity/viewer-counts.js";
import { createOverloadedError, type Release } from "./places.js";

/**
 * Counts the long lists that are open. A list is open from its first read until its last byte was sent or its client
 * has gone.
 */
export interface OpenLists {
  readonly count: number;
  /**
   * Counts a list of a viewer. Returns the function that takes it off the count again. Throws 429 if the viewer has too
   * many lists open, and 503 if all viewers together have. It never waits, since a list takes minutes and holds memory.
   */
  enter(viewer: { readonly name: string }): Release;
}

/** Creates the counter; no list is open yet. */
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
  );
}
