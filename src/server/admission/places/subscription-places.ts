import type { Limits } from "../../../model/limits.js";
import { HttpError } from "../../errors.js";
import { createViewerCounts } from "../../identity/viewer-counts.js";
import { createPlaces, type Release } from "./places.js";

/** The places of subscriptions, whichever connection they come by. */
export interface SubscriptionPlaces {
  /**
   * Takes a place for a subscription of a viewer, or of an address where nobody is asked who they are. Rejects with 429 if
   * that one has {@link VIEWER_SHARE} of all places, so that others can always subscribe, too; with 503 if all are taken.
   * Nobody waits, since subscriptions stay open for days.
   */
  enter(signal: AbortSignal, owner: { readonly name: string }): Promise<Release>;
}

/** Creates the places. All are free. */
export function createSubscriptionPlaces({ lasting }: Pick<Limits, "lasting">): SubscriptionPlaces {
  const places = createPlaces({ running: lasting, waiting: 0 });
  const held = createViewerCounts(Math.max(1, Math.floor(lasting * VIEWER_SHARE)), createTooManyError);
  return {
    async enter(signal, owner) {
      const forget = held.enter(owner);
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
    `You have ${allowed} subscriptions open, which is all that one viewer, or one address where nobody says who they are, may have here (three quarters of LIMITS=lasting=…); complete some.`,
  );
}

/** The share of all places that one owner may have. Many people may share an address, so it is large. */
const VIEWER_SHARE = 3 / 4;
