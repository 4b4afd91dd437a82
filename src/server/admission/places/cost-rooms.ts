import type { Limits } from "../../../model/limits.js";
import { createPlaces, type Places } from "./places.js";

/** Where a request waits, and how much of that room it takes. */
export interface RoomNeed {
  readonly places: Places;
  readonly weight: number;
}

/** The rooms for requests that cost much. What is in flight at once is bounded by its cost, not by its number. */
export interface CostRooms {
  /** The room that a request of this cost has to wait for; `null`: it is light and waits for none. */
  readonly find: (cost: number) => RoomNeed | null;
  /** The room for pieces of long lists, such as exports. All that stay open may wait in it. */
  readonly longLists: Places;
  /** Tells whether one of the rooms is full and none of it has been given for longer than this. */
  readonly isStuck: (longerThanMs: number) => boolean;
}

/**
 * Creates the rooms. Each has a queue of its own, so that nobody waits behind somebody who costs much more:
 *
 * | cost, as a share of the limit | room | at once |
 * |---|---|---|
 * | up to 1/400 | none | as many as `running` |
 * | up to 1/40 | a tenth of the limit | 4 of the dearest, {@link MOST_MIDDLE} at most |
 * | above | the limit | {@link MOST_HEAVY} at most |
 *
 * A request makes its answer in one go, or in turns from 5,000 objects on. What costs just too little for turns would hold the
 * event loop as long as a heavy one, if 32 of it came together.
 */
export function createCostRooms({ cost: limit, waiting, lasting }: Limits): CostRooms {
  const middleRoom = limit * MIDDLE_ROOM;
  const middle = createPlaces({ running: middleRoom, waiting });
  const heavy = createPlaces({ running: limit, waiting });
  const longLists = createPlaces({ running: MOST_LONG_LISTS, waiting: lasting });
  return {
    longLists,
    find: (cost) => {
      if (cost > limit * HEAVY_SHARE) return { places: heavy, weight: Math.max(cost, limit / MOST_HEAVY) };
      if (cost > limit * MIDDLE_SHARE)
        return { places: middle, weight: Math.max(cost, middleRoom / MOST_MIDDLE) };
      return null;
    },
    isStuck: (longerThanMs) => [middle, heavy, longLists].some((room) => room.isStuck(longerThanMs)),
  };
}

/** A page of 500 VMs with their interfaces is heavy. */
const HEAVY_SHARE = 1 / 40;

/** A page of 50 VMs with all that belongs to them is in the middle, most others are light. */
const MIDDLE_SHARE = 1 / 400;

const MIDDLE_ROOM = 1 / 10;

/** So many of the middle run at once, at most: no more than keep the database's connections busy. */
const MOST_MIDDLE = 16;

/**
 * So many heavy requests run at once, at most. Each holds a connection to the database for as long as it reads, and the
 * others need some; more at once would be no faster, since one event loop makes all answers.
 */
const MOST_HEAVY = 2;

/** So many pieces of long lists are read at once: each is 500 VMs, and there is always a next one. */
const MOST_LONG_LISTS = 2;
