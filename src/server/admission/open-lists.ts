import type { Limits } from "../../model/limits.js";
import { HttpError } from "../errors.js";
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
  const counts = new Map<string, number>();
  let count = 0;
  return {
    get count() {
      return count;
    },
    enter({ name }) {
      const own = counts.get(name) ?? 0;
      if (own >= viewerLists) throw createTooManyListsError(viewerLists);
      if (count >= lists) throw createOverloadedError();
      counts.set(name, own + 1);
      count += 1;
      let isReleased = false;
      return () => {
        if (isReleased) return;
        isReleased = true;
        count -= 1;
        const left = (counts.get(name) ?? 1) - 1;
        if (left > 0) counts.set(name, left);
        else counts.delete(name);
      };
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
