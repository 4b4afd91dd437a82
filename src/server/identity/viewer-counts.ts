import type { HttpError } from "../errors.js";
import type { KnownViewer } from "./identity.js";

/** Counts what each viewer has open, such as connections, up to a limit for each viewer. */
export interface ViewerCounts {
  /** The sum over all viewers. */
  readonly count: number;
  /**
   * Counts one more for a viewer. Returns the function that takes it off again; calling that twice does no harm. Throws
   * if the viewer has too many.
   */
  enter(viewer: Pick<KnownViewer, "name">): () => void;
}

/** Creates counts that begin at 0. */
export function createViewerCounts(most: number, createError: (most: number) => HttpError): ViewerCounts {
  const counts = new Map<string, number>();
  let count = 0;
  return {
    get count() {
      return count;
    },
    enter({ name }) {
      const own = counts.get(name) ?? 0;
      if (own >= most) throw createError(most);
      counts.set(name, own + 1);
      count += 1;
      let isOpen = true;
      return () => {
        if (!isOpen) return;
        isOpen = false;
        count -= 1;
        const left = (counts.get(name) ?? 1) - 1;
        if (left > 0) counts.set(name, left);
        else counts.delete(name);
      };
    },
  };
}
