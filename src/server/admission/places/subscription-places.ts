import type { Limits } from "../../../model/limits.js";
import { HttpError } from "../../errors.js";
import type { KnownViewer } from "../../identity/identity.js";
import { createViewerCounts } from "../../identity/viewer-counts.js";
import { createPlaces, type Release } from "./places.js";

/** The places of subscriptions, whichever connection they come by. */
export interface SubscriptionPlaces {
  /**
   * Takes a place for a subscription of a viewer. Rejects with 429 if the viewer has their share of all places, and with 503
   * if all are taken. Nobody waits, since subscriptions stay open for days.
   */
  enter(signal: AbortSignal, viewer: Pick<KnownViewer, "name">): Promise<Release>;
}

/**
 * Creates the places. Where viewers are known (`areKnown`), one of them may have {@link VIEWER_SHARE} of all places, so that
 * others can always subscribe, too. Where nobody is asked who they are, all have the same name, and no share.
 */
export function createSubscriptionPlaces(
  { lasting }: Pick<Limits, "lasting">,
  areKnown: boolean,
): SubscriptionPlaces {
  const places = createPlaces({ running: lasting, waiting: 0 });
  const share = areKnown ? Math.max(1, Math.floor(lasting * VIEWER_SHARE)) : Infinity;
  const held = createViewerCounts(share, createTooManyError);
  return {
    async enter(signal, viewer) {
      const forget = held.enter(viewer);
      try {
        const release = await places.enter(signal);
        return () => {
          release();
          forget();
        };
      } catch (error) {
        forget();
        throw error;
      }
    },
  };
}

function createTooManyError(allowed: number): HttpError {
  return new HttpError(
    429,
    "TOO_MANY_SUBSCRIPTIONS",
    `You have ${allowed} subscriptions open, which is all that one viewer may have here (three quarters of LIMITS=lasting=…); complete some.`,
  );
}

/** The share of all places that one viewer may have. */
const VIEWER_SHARE = 3 / 4;
